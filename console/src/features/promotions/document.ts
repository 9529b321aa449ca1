import type { Benefit, PromotionDocument } from "@/api/types";

export type Template = "threshold" | "everyThreshold" | "percent" | "fixed";
export const TEMPLATES: Template[] = ["threshold", "everyThreshold", "percent", "fixed"];

/** Benefits to start from, in minor units of a two-digit currency. */
const BENEFITS: Record<Template, Benefit> = {
  threshold: { type: "threshold", tiers: [{ at_least: 30_000, discount: 4_000 }], repeat: false, cap: null },
  everyThreshold: { type: "threshold", tiers: [{ at_least: 20_000, discount: 2_000 }], repeat: true, cap: 12_000 },
  percent: { type: "percent", percent: "10", cap: null },
  fixed: { type: "fixed", amount: 1_000 },
};

/** A new promotion of a template. */
export function newPromotion(template: Template, currency: string, name: string): PromotionDocument {
  return {
    name,
    benefit: BENEFITS[template],
    starts_at: null,
    ends_at: null,
    priority: 0,
    exclusive: false,
    scope: { skus: [], categories: [], brands: [] },
    condition: {},
    code_batch: null,
    currency,
    limits: { total: null, per_customer: null },
    funding: { platform: 100, shop: 0, brand: 0 },
  };
}

/** Stored documents may leave out what is empty; forms want every part. */
export function completed(document: PromotionDocument, currency: string): PromotionDocument {
  const blank = newPromotion("threshold", document.currency ?? currency, document.name);
  return {
    ...blank,
    ...document,
    currency: document.currency ?? currency,
    scope: { ...blank.scope, ...document.scope },
    limits: { ...blank.limits, ...document.limits },
    funding: { ...blank.funding, ...document.funding },
  };
}

/** Without the keys that hold nothing, as the server likes conditions. */
export function trimmed(document: PromotionDocument): PromotionDocument {
  const condition = Object.fromEntries(
    Object.entries(document.condition).filter(([, value]) => value !== null && value !== undefined && !(Array.isArray(value) && value.length === 0)),
  );
  return { ...document, condition };
}
