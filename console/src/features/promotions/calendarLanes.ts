import type { CalendarOverlap, PromotionCalendar } from "@/api/types";
import { DAY_MS, parseInstant } from "@/lib/time";

export type Planned = PromotionCalendar["promotions"][number];

export interface Span {
  from: number;
  until: number;
}

/** What an operator looks for first: where prices collide, then what begins or ends, then what runs on. */
export const LANES = ["conflict", "changing", "steady"] as const;
export type Lane = (typeof LANES)[number];

/** The overlaps of each promotion. */
export function overlapsOf(overlaps: readonly CalendarOverlap[]): Map<string, CalendarOverlap[]> {
  const found = new Map<string, CalendarOverlap[]>();
  for (const one of overlaps) {
    for (const id of one.promotion_ids) {
      const held = found.get(id);
      if (held) held.push(one);
      else found.set(id, [one]);
    }
  }
  return found;
}

/** The promotions by their lane; what changes next comes first, what is over last. */
export function lanesOf(promotions: readonly Planned[], overlaps: Map<string, CalendarOverlap[]>, span: Span, now: number): Record<Lane, Planned[]> {
  const lanes: Record<Lane, Planned[]> = { conflict: [], changing: [], steady: [] };
  for (const one of promotions) {
    if (overlaps.get(one.id)?.some((overlap) => overlap.conflict)) lanes.conflict.push(one);
    else if (isWithin(one.starts_at, span) || isWithin(one.ends_at, span)) lanes.changing.push(one);
    else lanes.steady.push(one);
  }
  const next = (one: Planned) => Math.min(...[one.starts_at, one.ends_at].map((instant) => parseInstant(instant) ?? Infinity).filter((at) => at >= now));
  lanes.changing.sort((a, b) => (next(a) === next(b) ? 0 : next(a) - next(b)));
  return lanes;
}

const isWithin = (instant: string | null, { from, until }: Span) => {
  const at = parseInstant(instant);
  return at !== null && at > from && at < until;
};

/** How many promotions run at some time of each day of the span. */
export function perDay(promotions: readonly Planned[], span: Span): number[] {
  const days = Array.from({ length: Math.round((span.until - span.from) / DAY_MS) }, () => 0);
  for (const one of promotions) {
    const first = Math.max(0, Math.floor(((parseInstant(one.starts_at) ?? span.from) - span.from) / DAY_MS));
    const last = Math.min(days.length, Math.ceil(((parseInstant(one.ends_at) ?? span.until) - span.from) / DAY_MS));
    for (let day = first; day < last; day += 1) days[day] = (days[day] ?? 0) + 1;
  }
  return days;
}

/** The part of a time that lies in the span; one without start or end reaches its border. */
export function within(from: string | null, until: string | null, span: Span): Span {
  const start = parseInstant(from) ?? span.from;
  const end = parseInstant(until) ?? span.until;
  return { from: Math.max(start, span.from), until: Math.min(end, span.until) };
}
