import { answer, client } from "./client";
import type { Key } from "./types";

/** Say whether servers hold the keys of a key's source: then what they tell may decide prices. */
export const trustKey = (id: string, trusted: boolean): Promise<Key> => answer(client.PATCH("/api/v1/keys/{id}", { params: { path: { id } }, body: { trusted } }));
