import { answer, client } from "./client";
import type { Page, User } from "./types";

/** Everyone who may sign in. */
export const listUsers = (): Promise<Page<User>> => answer(client.GET("/api/v1/users", {}));
