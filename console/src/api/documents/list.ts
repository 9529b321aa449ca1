import { answer, client } from "../client";
import type { Documents, Item, Kind, Page } from "../types";
import { collection } from "./paths";

export interface ListQuery {
  state?: string;
  query?: string;
  limit?: number;
  cursor?: string;
}

/** A page of documents of one kind, newest change first. */
export async function listDocuments<K extends Kind>(kind: K, query: ListQuery = {}): Promise<Page<Item<Documents[K]>>> {
  const page = await answer(client.GET(collection(kind), { params: { query } }));
  return page as unknown as Page<Item<Documents[K]>>;
}
