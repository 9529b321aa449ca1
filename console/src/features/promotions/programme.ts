import type { MemberTier, PointsCourse, PointsProgrammeDocument } from "@/api/types";
import { count, exponent, money } from "@/lib/numbers";

type Translate = (key: string, vars?: Record<string, unknown>) => string;

/** A new programme: a hundred points are worth one unit of money, can be used after a week and are lost after a year. */
export function newProgramme(currency: string, names: PointsProgrammeDocument["points_name"]): PointsProgrammeDocument {
  return {
    name: "",
    holds: "points",
    points_name: names,
    worth: { points: 100, amount: 10 ** exponent(currency), currency },
    available_after_days: 7,
    expires: "months",
    expires_after: 12,
    tiers: [],
    tier_by: "points",
    tier_months: 12,
    taken_back: "debt",
    returned_days: 30,
    adjust_at_most: 100_000,
  };
}

/** The same programme holding points or money: store credit is one for one, has no tiers, and what is owed stays owed. */
export function turned(value: PointsProgrammeDocument, holds: PointsProgrammeDocument["holds"], names: PointsProgrammeDocument["points_name"]): PointsProgrammeDocument {
  const { currency } = value.worth;
  const own = holds === "money" ? { points: 1, amount: 1, currency } : newProgramme(currency, names).worth;
  return { ...value, holds, points_name: names, worth: own, ...(holds === "money" ? { tiers: [], taken_back: "debt" as const } : {}) };
}

/** Points as a number, store credit as money. */
export const heldWords = (holds: PointsProgrammeDocument["holds"], amount: number, currency: string): string => (holds === "money" ? money(amount, currency) : count(amount));

/** A tier above the last: twice as far, and half as much again earned. */
export function nextTier(tiers: readonly MemberTier[], byPoints: boolean): MemberTier {
  const last = tiers.at(-1);
  if (!last) return { name: "", at_least: byPoints ? 1_000 : 100_000, earn_percent: 100 };
  return { name: "", at_least: Math.max(1, last.at_least * 2), earn_percent: Math.min(10_000, last.earn_percent + 50) };
}

/** When points are lost, in a few words. */
export function expiryWords(t: Translate, { expires, expires_after }: Pick<PointsProgrammeDocument, "expires" | "expires_after">): string {
  return t(`programme.words.${expires === "year_end" && expires_after === 0 ? "this_year" : expires}`, { count: expires_after });
}

/** What a tier asks for: points, or money. */
export const thresholdWords = (document: Pick<PointsProgrammeDocument, "tier_by" | "worth">, at_least: number): string => (document.tier_by === "spend" ? money(at_least, document.worth.currency) : count(at_least));

/** The number of the first month, from 1, in which something holds; null where there is none. */
export function firstMonth(course: PointsCourse, holds: (month: PointsCourse["months"][number]) => boolean): number | null {
  const at = course.months.findIndex(holds);
  return at < 0 ? null : at + 1;
}

/** In which month each tier is reached; null for those that are not. */
export function climbs(course: PointsCourse, tiers: readonly MemberTier[]): { name: string; month: number | null }[] {
  return tiers.map(({ name }, place) => {
    const higher = new Set(tiers.slice(place).map((tier) => tier.name));
    return { name, month: firstMonth(course, (month) => month.tier !== null && higher.has(month.tier)) };
  });
}

/** What the points of the last twelve months are worth, in parts of what was spent for them. */
export function shareBack(course: PointsCourse, document: PointsProgrammeDocument, spendMinor: number): number | null {
  const year = course.months.slice(-12);
  const spent = spendMinor * year.length;
  const earned = year.reduce((sum, month) => sum + month.earned, 0);
  return spent > 0 ? (earned * document.worth.amount) / document.worth.points / spent : null;
}
