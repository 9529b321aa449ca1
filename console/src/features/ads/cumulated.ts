/** An amount by the hour as what was spent until the end of each. */

import { type Figure, numeric } from "@/api/figures";
import { parseInstant } from "@/lib/time";

export const HOURS = 24;
const HOUR_MS = 3_600_000;

/** One value an hour of the day that begins at `fromMs`; hours that have not begun have none. */
export function cumulated(rows: Figure[], fromMs: number, nowMs: number): (number | null)[] {
  const costs = Array<number>(HOURS).fill(0);
  for (const row of rows) {
    const at = Math.floor(((parseInstant(String(row.hour ?? row.time ?? "")) ?? fromMs) - fromMs) / HOUR_MS);
    if (at >= 0 && at < HOURS) costs[at] = (costs[at] ?? 0) + (numeric(row, "cost") ?? 0);
  }
  let sum = 0;
  return costs.map((cost, hour) => {
    sum += cost;
    return fromMs + hour * HOUR_MS <= nowMs ? sum : null;
  });
}
