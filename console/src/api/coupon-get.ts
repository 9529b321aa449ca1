import { answer, client } from "./client";
import type { CouponCode } from "./types";

/** Everything of one code: its state, holder and history. */
export const getCoupon = (code: string, signal?: AbortSignal): Promise<CouponCode> => answer(client.GET("/api/v1/coupons/{code}", { params: { path: { code } }, signal }));
