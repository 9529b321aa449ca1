/** What the effect page makes of the answers: words for intervals, filled series, who pays most. */

import type { Effect } from "@/api/types";
import { money, percent } from "@/lib/numbers";
import { DAY_MS, dayOf, dayStartMs, instantText, parseDay, parseInstant, rfc3339 } from "@/lib/time";

export type Interval = NonNullable<NonNullable<Effect["lift"]["incremental"]>["orders"]>;
export type Comparison = Effect["lift"]["comparisons"][number];
export type Point = Effect["series"][number];
type Translate = (key: string, vars?: Record<string, unknown>) => string;

export const PAYERS = ["platform", "shop", "brand"] as const;
const HOUR_MS = 3_600_000;

/** Both ends of an interval; an open end says so. */
export function rangeWords(t: Translate, interval: Interval, format: (value: number) => string): string {
  const end = (value: number | null | undefined) => (typeof value === "number" ? format(value) : t("effect.lift.open"));
  return t("effect.added.range", { low: end(interval.low), high: end(interval.high) });
}

/** A ratio with its sign: +3.10%, −2.00%. */
export const signed = (ratio: number): string => `${ratio > 0 ? "+" : ""}${percent(ratio)}`;

/** How a number of one customer is written. */
export function valueOf(comparison: Pick<Comparison, "unit">, value: number | null | undefined, currency: string): string {
  if (typeof value !== "number") return "—";
  if (comparison.unit === "ratio") return percent(value);
  return comparison.unit === "minor" ? money(Math.round(value), currency) : value.toLocaleString("en-US", { maximumFractionDigits: 3 });
}

/** Who pays most, and which part; null where nobody pays. */
export function mostOf(funding: Record<(typeof PAYERS)[number], number>): { payer: (typeof PAYERS)[number]; share: number } | null {
  const total = PAYERS.reduce((sum, payer) => sum + funding[payer], 0);
  const payer = [...PAYERS].sort((a, b) => funding[b] - funding[a])[0] ?? "platform";
  return total > 0 ? { payer, share: funding[payer] / total } : null;
}

/** Every bucket from the first to before the last instant, those without orders at 0. */
export function filled(series: Point[], fromMs: number, toMs: number, step: "hour" | "day"): Point[] {
  const known = new Map(series.map((point) => [keyOf(point.at, step), point]));
  const points: Point[] = [];
  for (let at = step === "day" ? dayStartMs(fromMs) : Math.floor(fromMs / HOUR_MS) * HOUR_MS; at < toMs; at = next(at, step)) {
    points.push(known.get(at) ?? { at: step === "day" ? dayOf(at) : rfc3339(at), orders: 0, discount: 0, gmv: 0 });
  }
  return points;
}

const keyOf = (at: string, step: "hour" | "day") => (step === "day" ? parseDay(at) : parseInstant(at)) ?? 0;
const next = (at: number, step: "hour" | "day") => (step === "hour" ? at + HOUR_MS : dayStartMs(at + DAY_MS + DAY_MS / 2));

/** A bucket on the axis. */
export const bucketWords = (point: Point, step: "hour" | "day"): string => (step === "day" ? point.at.slice(5) : instantText(parseInstant(point.at) ?? 0).slice(11, 16));

/** The bucket that has most of something; null where all are 0. */
export function peakOf(points: Point[], name: "orders" | "discount"): Point | null {
  const best = points.reduce<Point | null>((held, point) => (held === null || point[name] > held[name] ? point : held), null);
  return best && best[name] > 0 ? best : null;
}
