/** Figures by time laid on the slots of a period. */

import { type Figure, numeric } from "@/api/figures";
import { isCounted } from "@/lib/catalogue";
import type { Granularity } from "@/lib/period";
import { DAY_MS, minuteText, monthDayText, parseDay, parseInstant } from "@/lib/time";

const STEP_MS: Record<Granularity, number> = { minute: 60_000, hour: 3_600_000, day: DAY_MS };

export interface Slots {
  starts: number[];
  labels: string[];
}

/** The slots of a stretch of time, each with its label. */
export function slotsOf(fromMs: number, untilMs: number, granularity: Granularity): Slots {
  const step = STEP_MS[granularity];
  const starts = Array.from({ length: Math.ceil((untilMs - fromMs) / step) }, (_, at) => fromMs + at * step);
  return { starts, labels: starts.map((at) => (granularity === "day" ? monthDayText(at) : minuteText(at))) };
}

/** The time of a figure, whichever name the report gave its time column. */
export function timeOf(figure: Figure): number | null {
  for (const name of ["minute", "hour", "day", "time", "bucket"]) {
    const value = figure[name];
    if (typeof value === "string") return value.length === 10 ? parseDay(value) : parseInstant(zoned(value));
  }
  return null;
}

/** A wall-clock text without a zone is the shop's. */
function zoned(text: string): string {
  return /(Z|[+-]\d{2}:?\d{2})$/.test(text) ? text : `${text.replace(" ", "T").padEnd(19, ":00").slice(0, 19)}+08:00`;
}

/** A metric's value in each slot; zero where the period ran without any, null after its end. */
export function onSlots(rows: Figure[], metric: string, slots: Slots, shiftMs: number, endMs: number): (number | null)[] {
  const byTime = new Map(rows.map((row) => [timeOf(row), numeric(row, metric)]));
  const counted = isCounted(metric);
  return slots.starts.map((start) => {
    if (start >= endMs) return null;
    const value = byTime.get(start - shiftMs);
    return value ?? (counted ? 0 : null);
  });
}

/** Running sum; null stays null. */
export function cumulative(values: (number | null)[]): (number | null)[] {
  let sum = 0;
  return values.map((value) => (value === null ? null : (sum += value)));
}
