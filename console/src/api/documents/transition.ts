import { answer, client } from "../client";
import type { Documents, Item, Kind } from "../types";
import { verb } from "./paths";

export type Transition = "publish" | "pause" | "archive";

/** Move a document to another state; live systems follow within a second. */
export async function transitionDocument<K extends Kind>(kind: K, id: string, to: Transition): Promise<Item<Documents[K]>> {
  const item = await answer(client.POST(verb(kind, to), { params: { path: { id } }, body: {} }));
  return item as unknown as Item<Documents[K]>;
}
