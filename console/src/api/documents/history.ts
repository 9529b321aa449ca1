import { answer, client } from "../client";
import type { Documents, Kind, Page, Revision } from "../types";
import { history } from "./paths";

/** Every revision with what it changed, newest first. */
export async function documentHistory<K extends Kind>(kind: K, id: string): Promise<Revision<Documents[K]>[]> {
  const page = await answer(client.GET(history(kind), { params: { path: { id } } }));
  return [...(page as unknown as Page<Revision<Documents[K]>>).items].sort((a, b) => b.revision - a.revision);
}
