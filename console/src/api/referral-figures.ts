import { answer, client } from "./client";
import type { ReferralFigures } from "./types";

/** What became of a programme's newcomers, what was given for them, and who was refused by what. */
export const getReferralFigures = (id: string, signal?: AbortSignal): Promise<ReferralFigures> =>
  answer(client.GET("/api/v1/referral-programmes/{id}/statistics", { params: { path: { id } }, signal }));
