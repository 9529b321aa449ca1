import { answer, client } from "../client";
import type { Documents, Item, Kind } from "../types";
import { member } from "./paths";

/** One document with its revision and state. */
export async function getDocument<K extends Kind>(kind: K, id: string): Promise<Item<Documents[K]>> {
  const item = await answer(client.GET(member(kind), { params: { path: { id } } }));
  return item as unknown as Item<Documents[K]>;
}
