import type { Kind } from "../types";

/** Every kind of document that the console shows, by its path under `/api/v1/`. */
export const KINDS = ["promotions", "campaigns", "placements", "deals", "advertisers", "segments", "coupon-batches", "webhooks", "event-schemas", "landing-pages", "flash-sales", "points-programmes", "referral-programmes"] as const;

// All kinds share one shape of paths; promotions stand for it in the typed client.
export const collection = (kind: Kind) => `/api/v1/${kind}` as "/api/v1/promotions";
export const member = (kind: Kind) => `/api/v1/${kind}/{id}` as "/api/v1/promotions/{id}";
export const verb = (kind: Kind, name: string) => `/api/v1/${kind}/{id}/${name}` as "/api/v1/promotions/{id}/publish";
export const history = (kind: Kind) => `/api/v1/${kind}/{id}/history` as "/api/v1/promotions/{id}/history";
