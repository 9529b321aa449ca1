import { answer, client } from "./client";

/** Flash sales by name, newest first; with a state, those in it. */
export async function listFlashSales(state?: string): Promise<{ id: string; name: string; state: string }[]> {
  const page = await answer(client.GET("/api/v1/flash-sales", { params: { query: { limit: 200, ...(state ? { state } : {}) } } }));
  return page.items.map(({ id, state: its, document }) => ({ id, state: its, name: document.name }));
}
