/** The time axis that all panels share. */

import { type Axis, stepsOf } from "@/api/lines";
import type { Range } from "@/lib/period";
import { DAY_MS, minuteText, monthDayText } from "@/lib/time";

/** The last part of the period, in minutes: a failing machine is looked at by the hour, not by the day. */
export const WINDOWS = { all: Infinity, "360": 360, "60": 60 };

/** The last part of a stretch of time. */
export function windowed({ fromMs, toMs }: Range, minutes: number): Range {
  return { fromMs: Math.max(fromMs, toMs - minutes * 60_000), toMs };
}

export const STEPS_S = [60, 300, 900, 3600, 21_600, 86_400];

/** Metrics of the shop are kept by the minute and by the hour. */
const BUSINESS_STEPS_S = [60, 3600];

/** More steps than this are too fine to see. */
const SEEN = 1500;
/** More than this would keep the server and the browser too busy. */
const MOST = 10_000;

/** The steps that may be chosen for a stretch of time. */
export function stepsFor(span: Range, business: boolean): number[] {
  return (business ? BUSINESS_STEPS_S : STEPS_S).filter((step) => stepsOf(axisOf(span, step)) <= MOST);
}

/** The finest step that can be seen; undefined where the stretch is too long for any. */
export function stepFor(span: Range, business: boolean): number | undefined {
  const possible = stepsFor(span, business);
  return possible.find((step) => stepsOf(axisOf(span, step)) <= SEEN) ?? possible.at(-1);
}

/** The whole steps of a stretch of time, at least one; the running one would look like a fall. */
export function axisOf({ fromMs, toMs }: Range, stepS: number): Axis {
  const step = stepS * 1000;
  const start = Math.floor(fromMs / step) * step;
  return { fromMs: start, toMs: Math.max(start + step, Math.floor(toMs / step) * step), stepS };
}

/** The label of each step: the time of day, with its date where there are more than two days. */
export function labelsOf({ fromMs, toMs, stepS }: Axis): string[] {
  const long = toMs - fromMs > 2 * DAY_MS;
  return Array.from({ length: stepsOf({ fromMs, toMs, stepS }) }, (_, at) => {
    const ms = fromMs + at * stepS * 1000;
    return long ? `${monthDayText(ms)} ${minuteText(ms)}` : minuteText(ms);
  });
}

/** Values of one axis laid on another of the same step; null where the first has none. */
export function laid(values: (number | null)[], from: Axis, onto: Axis): (number | null)[] {
  const shift = Math.round((onto.fromMs - from.fromMs) / (onto.stepS * 1000));
  return Array.from({ length: stepsOf(onto) }, (_, at) => (from.stepS === onto.stepS ? (values[at + shift] ?? null) : null));
}
