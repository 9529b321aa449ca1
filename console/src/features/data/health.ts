/** How a source does, in numbers and words. */

import type { Source } from "@/api/types";
import { nowMs } from "@/lib/clock";
import { dayOf, parseInstant } from "@/lib/time";

type Translate = (key: string, vars?: Record<string, unknown>) => string;
const MINUTES = 5;

/** Events a minute over the last five whole minutes; the running minute would look like a fall. */
export function perMinute(source: Source): number {
  const whole = source.minutes.slice(-MINUTES - 1, -1);
  return whole.length ? Math.round(whole.reduce((sum, one) => sum + one, 0) / whole.length) : 0;
}

/** The refused part of what came in 24 hours; null where nothing came. */
export function badShare(source: Source): number | null {
  const all = source.events_day + source.bad_rows_day;
  return all === 0 ? null : source.bad_rows_day / all;
}

/** "12 s ago" and so on; a day where it is long past. */
export function sinceWords(t: Translate, at: string | null): string {
  const ms = parseInstant(at);
  if (ms === null) return t("sources.never");
  const seconds = Math.max(0, Math.round((nowMs() - ms) / 1000));
  if (seconds < 60) return t("since.seconds", { count: seconds });
  if (seconds < 3600) return t("since.minutes", { count: Math.floor(seconds / 60) });
  if (seconds < 86_400) return t("since.hours", { count: Math.floor(seconds / 3600) });
  return dayOf(ms);
}

/** How long something lasts: 1.2 s, 12 min, 9 h, 3 days. */
export function lastingWords(t: Translate, ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 120) return t("lasting.seconds", { count: Number(seconds.toFixed(1)) });
  if (seconds < 7200) return t("lasting.minutes", { count: Math.round(seconds / 60) });
  if (seconds < 172_800) return t("lasting.hours", { count: Math.round(seconds / 3600) });
  return t("lasting.days", { count: Math.round(seconds / 86_400) });
}

/** Sources of what the system writes down itself: no key stands for them. */
export const isOwn = (source: string): boolean => source === "ads" || /^queqiao(\.|$)/.test(source);
