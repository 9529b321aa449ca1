/** Lists of any length: page after page by the server's signed cursors. */

import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import type { Page } from "./types";

/** Once many pages are open they are looked at again less often. */
const QUICK_PAGES = 2;
const SLOW_MS = 60_000;

export interface Pages<T> {
  /** Everything loaded so far; undefined until the first page is here. */
  data: T[] | undefined;
  error: unknown;
  refetch: () => unknown;
  more: { has: boolean; busy: boolean; load: () => void };
}

/** All items of the pages that were opened so far, asked again every `everyMs`. */
export function usePages<T>(key: readonly unknown[], fetch: (cursor: { cursor?: string }) => Promise<Page<T>>, everyMs = 5000): Pages<T> {
  const query = useInfiniteQuery({
    queryKey: [...key, "pages"],
    queryFn: ({ pageParam }) => fetch(pageParam ? { cursor: pageParam } : {}),
    initialPageParam: "",
    // Another question keeps the old answer on the page until its own is here.
    placeholderData: keepPreviousData,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > QUICK_PAGES ? SLOW_MS : everyMs),
  });
  return {
    data: query.data?.pages.flatMap((page) => page.items),
    error: query.error,
    refetch: query.refetch,
    more: { has: query.hasNextPage, busy: query.isFetchingNextPage, load: () => void query.fetchNextPage() },
  };
}
