import type { Benefit, Mechanic, PromotionDocument } from "@/api/types";
import { DAY_MS, rfc3339 } from "@/lib/time";

/** What a template starts with. Amounts are minor units of a two-digit currency. */
interface Start {
  benefit: Benefit;
  mechanic?: (nowMs: number) => Mechanic;
}

const HOUR_MS = 3_600_000;
const at = (ms: number) => rfc3339(Math.ceil(ms / HOUR_MS) * HOUR_MS);

export const TEMPLATES = {
  threshold: { benefit: { type: "threshold", tiers: [{ at_least: 30_000, discount: 4_000 }], repeat: false, cap: null } },
  everyThreshold: { benefit: { type: "threshold", tiers: [{ at_least: 20_000, discount: 2_000 }], repeat: true, cap: 12_000 } },
  percent: { benefit: { type: "percent", percent: "10", cap: null } },
  fixed: { benefit: { type: "fixed", amount: 1_000 } },
  nthUnit: { benefit: { type: "nth_unit", percents: ["0", "50"], repeat: true, arrange: "dearest_first", within: "scope" } },
  buyGet: { benefit: { type: "buy_get", buy: 2, get: 1, percent: "100", choose: "cheapest" } },
  anyN: { benefit: { type: "bundle", items: [{ quantity: 3 }], price: 9_900 } },
  bundle: { benefit: { type: "bundle", items: [{ quantity: 1 }, { quantity: 1 }], percent: "15" } },
  gift: { benefit: { type: "gift", gifts: [{ sku: "", quantity: 1 }], every_amount: null } },
  shipping: { benefit: { type: "shipping", percent: "100" } },
  fixedPrice: { benefit: { type: "fixed_price", price: 9_900 } },
  memberPrice: { benefit: { type: "price_list", prices: {} } },
  points: { benefit: { type: "points", points: 1, every_amount: 100, cap: null } },
  pointsPayment: { benefit: { type: "points_payment", points: 100, worth: 100, percent_max: "50" } },
  cashback: { benefit: { type: "cashback", percent: "5", cap: 2_000 } },
  group: { benefit: { type: "fixed_price", price: 9_900 }, mechanic: () => ({ type: "group", size: 3, lasts_minutes: 1_440 }) },
  bargain: { benefit: { type: "fixed_price", price: 100 }, mechanic: () => ({ type: "bargain", floor: 100, helpers: 20, lasts_minutes: 1_440 }) },
  presale: {
    benefit: { type: "fixed", amount: 5_000 },
    mechanic: (nowMs: number) => ({ type: "presale", deposit: 5_000, deposit_worth: 10_000, deposit_until: at(nowMs + 7 * DAY_MS), balance_from: at(nowMs + 7 * DAY_MS), balance_until: at(nowMs + 10 * DAY_MS) }),
  },
} satisfies Record<string, Start>;

export type Template = keyof typeof TEMPLATES;
export const TEMPLATE_NAMES = Object.keys(TEMPLATES) as Template[];

/** The promotion with the template's benefit; what was written about goods and terms stays. */
export function fromTemplate(template: Template, value: PromotionDocument, nowMs: number): PromotionDocument {
  const start: Start = TEMPLATES[template];
  return { ...value, benefit: start.benefit, mechanic: start.mechanic ? start.mechanic(nowMs) : null };
}

/** The template that a promotion is of. */
export function templateOf({ benefit, mechanic }: Pick<PromotionDocument, "benefit" | "mechanic">): Template {
  if (mechanic) return mechanic.type;
  if (benefit.type === "threshold") return benefit.repeat ? "everyThreshold" : "threshold";
  if (benefit.type === "bundle") return benefit.items.length === 1 ? "anyN" : "bundle";
  return OF_TYPE[benefit.type];
}

const OF_TYPE: Record<Exclude<Benefit["type"], "threshold" | "bundle">, Template> = {
  percent: "percent",
  fixed: "fixed",
  nth_unit: "nthUnit",
  buy_get: "buyGet",
  gift: "gift",
  shipping: "shipping",
  fixed_price: "fixedPrice",
  price_list: "memberPrice",
  points: "points",
  points_payment: "pointsPayment",
  cashback: "cashback",
};
