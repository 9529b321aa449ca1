import type { Benefit, PromotionDocument } from "@/api/types";
import { money } from "@/lib/numbers";
import { instantText, parseInstant } from "@/lib/time";

type Translate = (key: string, vars?: Record<string, unknown>) => string;

/** A benefit as the sentence that a shopper would read. */
export function benefitWords(t: Translate, benefit: Benefit, currency: string): string {
  const cap = "cap" in benefit && benefit.cap ? t("promotion.words.cap", { cap: money(benefit.cap, currency) }) : "";
  if (benefit.type === "fixed") return t("promotion.words.fixed", { amount: money(benefit.amount, currency) });
  if (benefit.type === "percent") {
    const percent = Number(benefit.percent);
    return t("promotion.words.percent", { percent: benefit.percent, fold: Number(((100 - percent) / 10).toFixed(2)) }) + cap;
  }
  const key = benefit.repeat ? "promotion.words.every" : "promotion.words.threshold";
  const tiers = benefit.tiers.map((tier) => t(key, { at_least: money(tier.at_least, currency), discount: money(tier.discount, currency) }));
  return tiers.join(t("promotion.words.join")) + cap;
}

/** Which goods, in a few words. */
export function scopeWords(t: Translate, document: PromotionDocument): string {
  const { skus = [], categories = [], brands = [] } = document.scope;
  const parts = [
    skus.length ? t("promotion.words.skus", { count: skus.length }) : "",
    categories.join(t("promotion.words.comma")),
    brands.join(t("promotion.words.comma")),
  ].filter(Boolean);
  return parts.length ? parts.join(t("promotion.words.join")) : t("promotion.words.everything");
}

/** When it runs. */
export function timeWords(t: Translate, document: { starts_at?: string | null; ends_at?: string | null }): string {
  const text = (instant: string | null | undefined) => instantText(parseInstant(instant) ?? 0).slice(0, 16);
  if (!document.starts_at && !document.ends_at) return t("promotion.words.always");
  if (!document.ends_at) return t("promotion.words.from", { from: text(document.starts_at) });
  if (!document.starts_at) return t("promotion.words.until", { until: text(document.ends_at) });
  return `${text(document.starts_at)} – ${text(document.ends_at)}`;
}
