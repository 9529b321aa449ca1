/** A cart that is tried out lives in the address, so that it can be sent to a colleague. */

import type { CartLine, QuoteQuestion } from "@/api/quote";
import type { Quote } from "@/api/types";
import { nowMs } from "@/lib/clock";
import { rfc3339 } from "@/lib/time";
import type { Search } from "@/lib/url";

export type Applied = Quote["applied"][number];
export type Refused = Quote["refused"][number];
export type Suggestion = Quote["suggestions"][number];

const LINES_MAX = 50;
const UNITS_MAX = 9_999;
const MINUTE_MS = 60_000;

/** `P001-A*2,TEA*1` to lines; what is no line is left out. */
export function readLines(text: string): CartLine[] {
  const lines = text.split(",").flatMap((part) => {
    const found = /^(.+)\*(\d{1,4})$/.exec(part);
    return found?.[1] && Number(found[2]) > 0 ? [{ sku: decodeURIComponent(found[1]), quantity: Number(found[2]) }] : [];
  });
  return lines.slice(0, LINES_MAX);
}

export const writeLines = (lines: CartLine[]): string => lines.map((line) => `${encodeURIComponent(line.sku).replaceAll("*", "%2A")}*${line.quantity}`).join(",");

/** The lines with more of some goods. */
export function withMore(lines: CartLine[], more: { sku: string; quantity: number }[]): CartLine[] {
  return more.reduce((held, { sku, quantity }) => {
    const at = held.findIndex((line) => line.sku === sku);
    if (at < 0) return [...held, { sku, quantity }];
    return held.map((line, place) => (place === at ? { ...line, quantity: Math.min(UNITS_MAX, line.quantity + quantity) } : line));
  }, lines);
}

/** The circumstances of a cart, as the address holds them. */
export const CIRCUMSTANCES = ["customer", "channel", "payment", "codes", "at", "shipping", "profile"] as const;
export type Circumstances = Record<(typeof CIRCUMSTANCES)[number], string>;

export function readCircumstances(search: Search): Circumstances {
  return Object.fromEntries(CIRCUMSTANCES.map((name) => [name, search[name] ?? ""])) as Circumstances;
}

export const codesOf = (text: string): string[] => text.split(",").filter(Boolean).slice(0, 20);

/** The question. It always says its own time, so that it counts as a what-if: nobody is exposed to anything by it. */
export function questionOf(lines: CartLine[], asked: Circumstances, currency: string): QuoteQuestion {
  const shipping = /^\d{1,9}$/.test(asked.shipping) ? Number(asked.shipping) : 0;
  return {
    currency,
    now: asked.at || rfc3339(Math.floor(nowMs() / MINUTE_MS) * MINUTE_MS),
    cart: { lines: lines.map((line, at) => ({ ...line, id: String(at + 1) })), shipping: { amount: shipping }, ...(asked.payment ? { payment_method: asked.payment } : {}) },
    ...(asked.customer ? { customer: { id: asked.customer } } : {}),
    ...(asked.channel ? { channel: asked.channel } : {}),
    ...(asked.profile ? { profile: asked.profile } : {}),
    codes: codesOf(asked.codes),
    options: { explain: true, suggest: true, everything: true },
  };
}

/** Equal units of a line together, in the line's order. */
export function unitGroups(units: Quote["lines"][number]["units"]): { count: number; pays: number; off: number }[] {
  const groups: { count: number; pays: number; off: number }[] = [];
  for (const { total, discount } of units) {
    const last = groups.at(-1);
    if (last && last.pays === total && last.off === discount) last.count += 1;
    else groups.push({ count: 1, pays: total, off: discount });
  }
  return groups;
}

export interface ReasonGroup {
  reason: string;
  items: Refused[];
}

/** Those that nearly hold first: what is missing is known, and little; then the larger groups. */
export function byReason(refused: Refused[]): ReasonGroup[] {
  const groups = new Map<string, Refused[]>();
  for (const one of refused) groups.set(one.reason, [...(groups.get(one.reason) ?? []), one]);
  const sorted = [...groups].map(([reason, items]) => ({ reason, items: [...items].sort((a, b) => (a.shortfall ?? Infinity) - (b.shortfall ?? Infinity)) }));
  return sorted.sort((a, b) => Number(isNear(b)) - Number(isNear(a)) || b.items.length - a.items.length);
}

const isNear = (group: ReasonGroup) => typeof group.items[0]?.shortfall === "number";

/** Everything that the quote gives away: off goods and delivery, gifts and money that comes back. */
export const givenOf = (applied: Applied[]): number => applied.reduce((sum, one) => sum + one.amount + (one.value ?? 0), 0);

/** Who pays how much of it. */
export function payersOf(applied: Applied[]): Record<"platform" | "shop" | "brand", number> {
  const sum = (payer: "platform" | "shop" | "brand") => applied.reduce((total, one) => total + one.funding[payer], 0);
  return { platform: sum("platform"), shop: sum("shop"), brand: sum("brand") };
}
