import { answer, client } from "./client";
import type { DraftPromotion, LowestPrices } from "./types";

/** How low prices can fall under a draft beside all live rules. */
export const lowestPrices = (promotions: DraftPromotion[], signal?: AbortSignal): Promise<LowestPrices> =>
  answer(client.POST("/api/v1/promotions/lowest-price", { body: { promotions }, signal }));
