/** Figures by reason and time as lines: the reasons that took most, the rest together. */

import { type Figure, numeric } from "@/api/figures";

/** Six series can be told apart; the last one is all that is left. */
const SHOWN_MAX = 5;
export const REST = "rest";

export interface Lines {
  times: string[];
  /** Of each reason its sum and its values, one a time; the largest first. */
  reasons: { reason: string; sum: number; values: number[] }[];
}

export function linesOf(rows: Figure[], metric: string, timeOf: (row: Figure) => string): Lines {
  const found = rows.filter((row) => row.reason && (numeric(row, metric) ?? 0) > 0);
  const times = [...new Set(rows.map(timeOf))].sort();
  const sums = new Map<string, number>();
  for (const row of found) sums.set(String(row.reason), (sums.get(String(row.reason)) ?? 0) + (numeric(row, metric) ?? 0));
  const order = [...sums].sort((a, b) => b[1] - a[1]).map(([reason]) => reason);
  const shown = order.length > SHOWN_MAX + 1 ? order.slice(0, SHOWN_MAX) : order;
  const groups = order.length > shown.length ? [...shown, REST] : shown;
  const groupOf = (reason: string) => (shown.includes(reason) ? reason : REST);
  const reasons = groups.map((group) => {
    const own = found.filter((row) => groupOf(String(row.reason)) === group);
    const values = times.map((time) => own.filter((row) => timeOf(row) === time).reduce((sum, row) => sum + (numeric(row, metric) ?? 0), 0));
    return { reason: group, sum: values.reduce((a, b) => a + b, 0), values };
  });
  return { times, reasons };
}
