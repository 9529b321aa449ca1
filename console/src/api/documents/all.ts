import { useQuery } from "@tanstack/react-query";
import type { Documents, Item, Kind } from "../types";
import { type ListQuery, listDocuments } from "./list";

const PAGE = 200;
/** A shop with more documents of one kind than this finds the rest by search. */
const PAGES_MAX = 25;

/** Every document of a kind, page after page: for pickers and for names, which must miss none. */
export async function allDocuments<K extends Kind>(kind: K, query: Pick<ListQuery, "state"> = {}): Promise<Item<Documents[K]>[]> {
  const found: Item<Documents[K]>[] = [];
  let cursor: string | null | undefined;
  for (let pages = 0; pages === 0 || (cursor && pages < PAGES_MAX); pages += 1) {
    const page = await listDocuments(kind, { ...query, limit: PAGE, ...(cursor ? { cursor } : {}) });
    found.push(...page.items);
    cursor = page.next_cursor;
  }
  return found;
}

export const useAllDocuments = <K extends Kind>(kind: K, query: Pick<ListQuery, "state"> = {}) =>
  useQuery({ queryKey: [kind, "list", "all", query], queryFn: () => allDocuments(kind, query), refetchInterval: 30_000 });

/** Names of all documents of a kind by id, for tables that only know ids. */
export function useNames(kind: Kind): Map<string, string> {
  return new Map(useAllDocuments(kind).data?.map((item) => [item.id, item.document.name]));
}
