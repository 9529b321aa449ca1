import type { PromotionDocument } from "@/api/types";
import { parseInstant } from "@/lib/time";
import { TEMPLATES } from "./templates";

/** A new promotion: 满减 on everything, for everyone, from now on. */
export function newPromotion(currency: string): PromotionDocument {
  return {
    name: "",
    benefit: TEMPLATES.threshold.benefit,
    starts_at: null,
    ends_at: null,
    priority: 0,
    exclusive: false,
    scope: {},
    condition: {},
    code_batch: null,
    currency,
    limits: {},
    funding: { platform: 100, shop: 0, brand: 0 },
  };
}

/** Stored documents may leave out what is empty; forms want every part. */
export function completed(document: Partial<PromotionDocument> & Pick<PromotionDocument, "name" | "benefit">, currency: string): PromotionDocument {
  const blank = newPromotion(document.currency ?? currency);
  return { ...blank, ...document, currency: document.currency ?? currency, funding: { ...blank.funding, ...document.funding } };
}

/** Without the keys that hold nothing, at any depth: as the server keeps documents. */
export function trimmed(document: PromotionDocument): PromotionDocument {
  return withoutEmpty(document) as PromotionDocument;
}

function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, one]) => !(one === null || one === undefined || (Array.isArray(one) && one.length === 0 && !KEPT.has(key))))
      .map(([key, one]) => [key, withoutEmpty(one)]),
  );
}

/** Lists that mean something when they are empty: the server names them as missing, or they forbid. */
const KEPT = new Set(["gifts", "items", "tiers", "percents", "combines_with"]);

/** What a promotion's state comes to now: a live one may not have begun, or be over. */
export function phaseOf(state: string, { starts_at, ends_at }: Partial<Pick<PromotionDocument, "starts_at" | "ends_at">>, atMs: number): string {
  if (state !== "live") return state;
  if ((parseInstant(starts_at) ?? atMs) > atMs) return "coming";
  return (parseInstant(ends_at) ?? Infinity) <= atMs ? "ended" : "live";
}
