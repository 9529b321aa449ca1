import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError, asApiError } from "@/api/problem";
import { onPreference, preferences } from "@/lib/preferences";

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

let spoken = preferences().language;
/** A failure speaks the language that it was asked in: in another one it is asked again. */
onPreference(() => {
  const { language } = preferences();
  if (language === spoken) return;
  spoken = language;
  void queries.refetchQueries({ type: "active", predicate: ({ state }) => state.status === "error" });
});
