import { answer, client } from "./client";
import type { BatchStatistics } from "./types";

/** What became of a batch's uses; the states add up. */
export const batchStatistics = (id: string, signal?: AbortSignal): Promise<BatchStatistics> => answer(client.GET("/api/v1/coupon-batches/{id}/statistics", { params: { path: { id } }, signal }));
