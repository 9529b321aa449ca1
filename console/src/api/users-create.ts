import { answer, client } from "./client";
import type { Role, User } from "./types";

/** Let one more person in; without a password the answer holds a one-time token. */
export const createUser = (user: { email: string; name: string; role: Role; password?: string }): Promise<{ user: User; token: string | null }> =>
  answer(client.POST("/api/v1/users", { body: user }));
