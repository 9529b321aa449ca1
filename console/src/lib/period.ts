/** The period a page shows and the one it is compared with; both live in the URL. */

import { DAY_MS, dayStartMs, parseDay } from "./time";

export const PERIODS = ["today", "yesterday", "7d", "30d", "90d"] as const;
export const COMPARISONS = ["week", "previous", "none"] as const;
export type Comparison = (typeof COMPARISONS)[number];
export type Granularity = "minute" | "hour" | "day";

export interface Range {
  fromMs: number;
  toMs: number;
}

export interface Span extends Range {
  /** The whole period, also the part that has not happened yet. */
  untilMs: number;
  granularity: Granularity;
}

const DAYS: Record<string, number> = { "7d": 7, "30d": 30, "90d": 90 };
const CUSTOM = /^(\d{4}-\d{2}-\d{2})~(\d{4}-\d{2}-\d{2})$/;

/** A period's name in the URL: one of PERIODS or `2026-11-01~2026-11-11`, both days included. */
export function isPeriod(text: unknown): text is string {
  if (typeof text !== "string") return false;
  if ((PERIODS as readonly string[]).includes(text)) return true;
  const found = CUSTOM.exec(text);
  const from = found?.[1] ? parseDay(found[1]) : null;
  const to = found?.[2] ? parseDay(found[2]) : null;
  return from !== null && to !== null && from <= to;
}

/** The instants of a period; its end is now where the period is still running. */
export function spanOf(period: string, nowMs: number): Span {
  const today = dayStartMs(nowMs);
  const [fromMs, untilMs] = bounds(period, today);
  const toMs = Math.max(fromMs, Math.min(untilMs, nowMs));
  const granularity = untilMs - fromMs <= 2 * DAY_MS ? "hour" : "day";
  return { fromMs, toMs, untilMs, granularity };
}

function bounds(period: string, today: number): [number, number] {
  if (period === "yesterday") return [today - DAY_MS, today];
  const days = DAYS[period];
  if (days) return [today - (days - 1) * DAY_MS, today + DAY_MS];
  const found = CUSTOM.exec(period);
  const from = found?.[1] ? parseDay(found[1]) : null;
  const to = found?.[2] ? parseDay(found[2]) : null;
  if (from !== null && to !== null) return [from, to + DAY_MS];
  return [today, today + DAY_MS];
}

/** How far back the comparison lies: the same weekday, or the period just before. */
export function shiftMs(span: Span, comparison: Comparison): number {
  const length = span.untilMs - span.fromMs;
  if (comparison === "previous") return length;
  const week = 7 * DAY_MS;
  return Math.ceil(length / week) * week;
}

/** The compared stretch of equal elapsed time, or null when nothing is compared. */
export function comparedTo(span: Span, comparison: Comparison): Range | null {
  if (comparison === "none") return null;
  const shift = shiftMs(span, comparison);
  return { fromMs: span.fromMs - shift, toMs: span.toMs - shift };
}
