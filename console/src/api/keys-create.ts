import { answer, client } from "./client";
import type { Key, NewKey } from "./types";

/** Make a key; its secret is in this answer and never shown again. */
export const createKey = (key: { name: string; scope: Key["scope"]; source?: string; trusted?: boolean }): Promise<NewKey> => answer(client.POST("/api/v1/keys", { body: key }));
