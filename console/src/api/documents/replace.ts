import { answer, client } from "../client";
import type { Documents, Item, Kind, PromotionDocument } from "../types";
import { member } from "./paths";

/** Write a new revision; refused with 412 where someone else was quicker. */
export async function replaceDocument<K extends Kind>(
  kind: K,
  id: string,
  revision: number,
  document: Documents[K],
  reason?: string,
): Promise<Item<Documents[K]>> {
  const item = await answer(
    client.PUT(member(kind), {
      params: { path: { id }, header: { "If-Match": `"${revision}"` } },
      body: { document: document as unknown as PromotionDocument, ...(reason ? { reason } : {}) },
    }),
  );
  return item as unknown as Item<Documents[K]>;
}
