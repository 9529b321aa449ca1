import { answer, client } from "./client";
import type { Why } from "./types";

/** Why a decision came out so, by exact replay; with a campaign, why it in particular did or did not win. */
export const explainDecision = (id: string, campaign?: string): Promise<Why> =>
  answer(client.GET("/api/v1/decisions/{id}/why", { params: { path: { id }, query: campaign ? { campaign } : {} } }));
