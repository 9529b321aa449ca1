import { answer, client } from "./client";
import type { Gift, NewGift } from "./types";

/** The latest givings of a batch, newest first. */
export async function batchGifts(id: string, signal?: AbortSignal): Promise<Gift[]> {
  return (await answer(client.GET("/api/v1/coupon-batches/{id}/gifts", { params: { path: { id } }, signal }))).items;
}

/** Give a coupon each to the members of a segment, or to customers by name. */
export const giveCoupons = (id: string, body: NewGift): Promise<Gift> => answer(client.POST("/api/v1/coupon-batches/{id}/gifts", { params: { path: { id } }, body }));

/** End a giving; what was given stays given. */
export const cancelGift = (id: string, gift_id: string): Promise<Gift> => answer(client.POST("/api/v1/coupon-batches/{id}/gifts/{gift_id}/cancel", { params: { path: { id, gift_id } } }));
