import { answer, client } from "./client";

/** The shop's own calculation profiles that are live, by id and name. */
export async function listCalculationProfiles(): Promise<{ id: string; name: string }[]> {
  const page = await answer(client.GET("/api/v1/calculation-profiles", { params: { query: { state: "live", limit: 100 } } }));
  return page.items.map((item) => ({ id: item.id, name: item.document.name }));
}
