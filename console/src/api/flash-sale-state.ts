import { answer, client } from "./client";
import type { FlashSaleState } from "./types";

/** Stock, queue and speed of the session of now. */
export const getFlashSaleState = (id: string, signal?: AbortSignal): Promise<FlashSaleState> => answer(client.GET("/api/v1/flash-sales/{id}/state", { params: { path: { id } }, signal }));
