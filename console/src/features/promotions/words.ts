import type { Benefit, PromotionDocument } from "@/api/types";
import { money } from "@/lib/numbers";
import { instantText, parseInstant } from "@/lib/time";

type Translate = (key: string, vars?: Record<string, unknown>) => string;

type Of<T extends Benefit["type"]> = Extract<Benefit, { type: T }>;
interface Said {
  t: Translate;
  amount: (minor: number | null | undefined) => string;
}

/** A percentage as shoppers hear it: 10 % off, 9 折. */
const percentWords = (t: Translate, percent: string) => t("promotion.words.percent", { percent, fold: Number(((100 - Number(percent)) / 10).toFixed(2)) });

const WORDS: { [T in Benefit["type"]]: (benefit: Of<T>, said: Said) => string } = {
  threshold: ({ tiers, repeat, measure }, { t, amount }) =>
    tiers
      .map((tier) => {
        const at_least = measure === "quantity" ? t("promotion.words.pieces", { count: tier.at_least }) : amount(tier.at_least);
        const off = typeof tier.price === "number" ? t("promotion.words.fixedPrice", { price: amount(tier.price) }) : typeof tier.percent === "string" ? percentWords(t, tier.percent) : t("promotion.words.off", { amount: amount(tier.discount) });
        return t(repeat ? "promotion.words.every" : "promotion.words.threshold", { at_least, off });
      })
      .join(t("promotion.words.join")),
  percent: ({ percent, pick }, { t }) => picked(t, pick) + percentWords(t, percent),
  fixed: ({ amount: minor, pick, level }, { t, amount }) => picked(t, pick) + t(level === "unit" ? "promotion.words.fixedUnit" : "promotion.words.fixed", { amount: amount(minor) }),
  fixed_price: ({ price, pick }, { t, amount }) => picked(t, pick) + t("promotion.words.fixedPrice", { price: amount(price) }),
  price_list: ({ prices }, { t }) => t("promotion.words.priceList", { count: Object.keys(prices).length }),
  nth_unit: ({ percents }, { t }) => percents.flatMap((percent, at) => (Number(percent) > 0 ? [t("promotion.words.nth", { number: at + 1, off: percentWords(t, percent) })] : [])).join(t("promotion.words.join")),
  buy_get: ({ buy, get, percent = "100" }, { t }) => (Number(percent) === 100 ? t("promotion.words.buyGet", { buy, get }) : t("promotion.words.buyGetOff", { buy, get, off: percentWords(t, percent) })),
  bundle: ({ items, price, percent, amount: minor }, { t, amount }) => {
    const count = items.reduce((sum, item) => sum + (item.quantity ?? 1), 0);
    const off = typeof percent === "string" ? percentWords(t, percent) : typeof minor === "number" ? t("promotion.words.off", { amount: amount(minor) }) : amount(price);
    return t(items.length === 1 ? "promotion.words.anyN" : "promotion.words.bundle", { count, items: items.length, off });
  },
  gift: ({ gifts, every_amount }, { t, amount }) => (every_amount ? t("promotion.words.everyGift", { at_least: amount(every_amount), gifts: gifts.map((gift) => gift.sku).join(t("promotion.words.comma")) }) : t("promotion.words.gift", { gifts: gifts.map((gift) => gift.sku).join(t("promotion.words.comma")) })),
  shipping: ({ percent, amount: minor, price }, { t, amount }) => (typeof minor === "number" ? t("promotion.words.shippingOff", { off: amount(minor) }) : typeof price === "number" ? t("promotion.words.shippingPrice", { price: amount(price) }) : Number(percent) === 100 ? t("promotion.words.shippingFree") : t("promotion.words.shippingOff", { off: `${percent ?? "0"}%` })),
  points: ({ points, every_amount }, { t, amount }) => (every_amount ? t("promotion.words.pointsEvery", { points, every: amount(every_amount) }) : t("promotion.words.points", { points })),
  points_payment: ({ points, worth }, { t, amount }) => t("promotion.words.pointsPayment", { points, worth: amount(worth) }),
  cashback: ({ percent, amount: minor }, { t, amount }) => t("promotion.words.cashback", { back: typeof minor === "number" ? amount(minor) : `${percent ?? "0"}%` }),
};

function picked(t: Translate, pick: { units: string; count?: number; within?: string } | null | undefined): string {
  if (!pick) return "";
  const words = t(`promotion.words.pick_${pick.units}`, { count: pick.count ?? 1 });
  return pick.within && pick.within !== "scope" ? t(`promotion.words.each_${pick.within}`, { pick: words }) : words;
}

/** A benefit as the sentence that a shopper would read. */
export function benefitWords(t: Translate, benefit: Benefit, currency: string): string {
  const amount = (minor: number | null | undefined) => money(minor ?? 0, currency);
  const cap = "cap" in benefit && benefit.cap && benefit.type !== "points" ? t("promotion.words.cap", { cap: amount(benefit.cap) }) : "";
  const words = WORDS[benefit.type] as (benefit: Benefit, said: Said) => string;
  return words(benefit, { t, amount }) + cap;
}

/** The whole rule: how one comes by it, and what it gives. */
export function ruleWords(t: Translate, document: Pick<PromotionDocument, "benefit" | "mechanic" | "currency">, currency: string): string {
  const { mechanic } = document;
  const words = benefitWords(t, document.benefit, document.currency ?? currency);
  if (!mechanic) return words;
  const amount = (minor: number) => money(minor, document.currency ?? currency);
  if (mechanic.type === "group") return t("promotion.words.group", { size: mechanic.size, words });
  if (mechanic.type === "bargain") return t("promotion.words.bargain", { floor: amount(mechanic.floor), helpers: mechanic.helpers });
  return t("promotion.words.presale", { deposit: amount(mechanic.deposit), worth: amount(mechanic.deposit_worth) });
}

/** Which goods, in a few words. */
export function scopeWords(t: Translate, document: Pick<PromotionDocument, "scope">): string {
  const { skus = [], categories = [], brands = [], tags = [], shops = [] } = document.scope ?? {};
  const parts = [skus.length ? t("promotion.words.skus", { count: skus.length }) : "", ...[categories, brands, tags, shops].map((names) => names.join(t("promotion.words.comma")))].filter(Boolean);
  return parts.length ? parts.join(t("promotion.words.join")) : t("promotion.words.everything");
}

/** When it runs; the year is left out where it is that of `now`. */
export function timeWords(t: Translate, document: { starts_at?: string | null; ends_at?: string | null }, now?: number): string {
  const year = now === undefined ? "" : instantText(now).slice(0, 5);
  const text = (instant: string | null | undefined) => {
    const words = instantText(parseInstant(instant) ?? 0).slice(0, 16);
    return year && words.startsWith(year) ? words.slice(5) : words;
  };
  if (!document.starts_at && !document.ends_at) return t("promotion.words.always");
  if (!document.ends_at) return t("promotion.words.from", { from: text(document.starts_at) });
  if (!document.starts_at) return t("promotion.words.until", { until: text(document.ends_at) });
  return `${text(document.starts_at)} – ${text(document.ends_at)}`;
}
