import { answer, client, rememberCsrf } from "./client";
import type { Session } from "./types";

/** Sign in with e-mail and password, or with a one-time token. */
export async function openSession(proof: { email: string; password: string } | { token: string }): Promise<Session> {
  const session = await answer(client.POST("/api/v1/session", { body: proof }));
  rememberCsrf(session.csrf_token);
  return session;
}
