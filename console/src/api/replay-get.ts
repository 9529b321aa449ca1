import { answer, client } from "./client";
import type { OrderReplay } from "./types";

/** How far a replay is. */
export const getReplay = (id: string, signal?: AbortSignal): Promise<OrderReplay> => answer(client.GET("/api/v1/promotions/replays/{id}", { params: { path: { id } }, signal }));
