import { answer, client } from "./client";
import type { components } from "./published";

export type CampaignWrite = components["schemas"]["CampaignBulkItem"];
export type Told = components["schemas"]["Told"];

/** Write and move many campaigns in one call; each stands for itself, and what became of it comes back in order. */
export async function writeCampaigns(items: CampaignWrite[], reason: string): Promise<Told[]> {
  const told = await answer(client.POST("/api/v1/campaigns/bulk", { body: { items, mode: "each", reason } }));
  return told.items;
}
