import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError, asApiError } from "@/api/problem";

const SIGN_IN = "/sign-in";

/** A session that has ended leads to the sign-in page and back here afterwards. */
function whenSignedOut(error: unknown): void {
  if (!(error instanceof ApiError) || error.status !== 401 || location.pathname === SIGN_IN) return;
  const next = encodeURIComponent(location.pathname + location.search);
  location.replace(`${SIGN_IN}?next=${next}`);
}

export const queries = new QueryClient({
  queryCache: new QueryCache({ onError: whenSignedOut }),
  mutationCache: new MutationCache({ onError: whenSignedOut }),
  defaultOptions: {
    queries: {
      staleTime: 2000,
      retry: (times, error) => asApiError(error).passing && times < 2,
      refetchOnWindowFocus: true,
    },
    mutations: { retry: false },
  },
});
