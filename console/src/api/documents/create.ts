import { answer, client } from "../client";
import type { Documents, Item, Kind, PromotionDocument } from "../types";
import { collection } from "./paths";

/** Store a new document as a draft. */
export async function createDocument<K extends Kind>(kind: K, document: Documents[K]): Promise<Item<Documents[K]>> {
  const body = { document: document as unknown as PromotionDocument };
  const item = await answer(client.POST(collection(kind), { body }));
  return item as unknown as Item<Documents[K]>;
}
