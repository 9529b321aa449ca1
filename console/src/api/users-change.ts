import { answer, client } from "./client";
import type { Role, User } from "./types";

/** Change a person's role, or keep them out. */
export const changeUser = (id: string, change: { role?: Role; disabled?: boolean }): Promise<User> =>
  answer(client.PATCH("/api/v1/users/{id}", { params: { path: { id } }, body: change }));
