/** One typed client for the whole console; every failure becomes an ApiError. */

import createClient, { type Middleware } from "openapi-fetch";
import { freshId } from "@/lib/clock";
import { preferences } from "@/lib/preferences";
import { ApiError, type ProblemField } from "./problem";
import type { paths } from "./published";

let csrfToken = "";

/** Writes carry this token, which came with the session. */
export function rememberCsrf(token: string): void {
  csrfToken = token;
}

const headers: Middleware = {
  onRequest({ request }) {
    request.headers.set("Accept-Language", preferences().language === "zh" ? "zh-CN" : "en");
    if (request.method === "GET") return request;
    if (csrfToken) request.headers.set("X-CSRF-Token", csrfToken);
    if (request.method === "POST") request.headers.set("Idempotency-Key", freshId());
    return request;
  },
};

export const client = createClient<paths>({
  // Looked up at each call, so that tests can put their own fetch in place.
  baseUrl: globalThis.location?.origin ?? "",
  fetch: (request) => globalThis.fetch(request),
});
client.use(headers);

interface Fetched<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The answer's body, or an ApiError that carries the problem document. */
export async function answer<T>(call: Promise<Fetched<T>>): Promise<T> {
  let fetched: Fetched<T>;
  try {
    fetched = await call;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiError({ status: 0, code: "unreachable" });
  }
  if (fetched.response.ok) return fetched.data as T;
  throw ApiError.from(fetched.response, fetched.error);
}

export type { ProblemField };
