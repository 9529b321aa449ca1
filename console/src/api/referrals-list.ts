import { answer, client } from "./client";
import type { Page, Referral } from "./types";

/** Who brought whom, newest first; in one state or in all. */
export const listReferrals = (id: string, query: { state?: string; limit?: number; cursor?: string }): Promise<Page<Referral>> =>
  answer(client.GET("/api/v1/referral-programmes/{id}/referrals", { params: { path: { id }, query } }));
