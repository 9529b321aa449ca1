import { answer, client, rememberCsrf } from "./client";
import type { Session } from "./types";

/** Who is signed in; ApiError 401 when nobody is. */
export async function getSession(): Promise<Session> {
  const session = await answer(client.GET("/api/v1/session"));
  rememberCsrf(session.csrf_token);
  return session;
}
