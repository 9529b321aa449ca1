import { answer, client } from "./client";
import type { NewVoid, VoidList } from "./types";

/** What is void of a batch, oldest first. */
export const batchVoids = (id: string, signal?: AbortSignal): Promise<VoidList> => answer(client.GET("/api/v1/coupon-batches/{id}/voids", { params: { path: { id } }, signal }));

/** Make codes void, everywhere within a second. */
export const voidCodes = (id: string, body: NewVoid): Promise<VoidList> => answer(client.POST("/api/v1/coupon-batches/{id}/voids", { params: { path: { id } }, body }));
