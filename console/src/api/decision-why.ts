import { answer, client } from "./client";
import type { Why } from "./types";

/** Why a decision came out so, by exact replay. */
export const explainDecision = (id: string): Promise<Why> =>
  answer(client.GET("/api/v1/decisions/{id}/why", { params: { path: { id } } }));
