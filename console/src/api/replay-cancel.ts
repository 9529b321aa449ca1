import { answer, client } from "./client";
import type { OrderReplay } from "./types";

/** End a replay; what it has read stays. */
export const cancelReplay = (id: string): Promise<OrderReplay> => answer(client.POST("/api/v1/promotions/replays/{id}/cancel", { params: { path: { id } } }));
