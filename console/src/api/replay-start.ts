import { answer, client } from "./client";
import type { DraftPromotion, OrderReplay } from "./types";

/** Price last week's orders again under a draft; the answer tells where to watch. */
export const startReplay = (promotions: DraftPromotion[]): Promise<OrderReplay> => answer(client.POST("/api/v1/promotions/replay", { body: { promotions } }));
