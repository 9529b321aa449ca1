import { answer, client } from "./client";
import type { Effect, Effects, EffectReconciliation } from "./types";

export interface EffectQuestion {
  from?: string;
  to?: string;
  timezone?: string;
  currency?: string;
}

/** What became of one promotion in a period. */
export const getEffect = (id: string, query: EffectQuestion & { granularity?: "day" | "hour" }, signal?: AbortSignal): Promise<Effect> =>
  answer(client.GET("/api/v1/promotions/{id}/effect", { params: { path: { id }, query }, signal }));

/** Every promotion that was used or shown in a period. */
export const listEffects = (query: EffectQuestion & { limit?: number }, signal?: AbortSignal): Promise<Effects> =>
  answer(client.GET("/api/v1/promotion_effects", { params: { query }, signal }));

/** A promotion's figures of all time against the ledger. */
export const reconcileEffect = (id: string, signal?: AbortSignal): Promise<EffectReconciliation> =>
  answer(client.GET("/api/v1/promotions/{id}/effect/reconciliation", { params: { path: { id } }, signal }));
