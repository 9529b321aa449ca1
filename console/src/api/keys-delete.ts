import { answer, client } from "./client";

/** Take a key out of use at once. */
export const deleteKey = (id: string): Promise<unknown> => answer(client.DELETE("/api/v1/keys/{id}", { params: { path: { id } } }));
