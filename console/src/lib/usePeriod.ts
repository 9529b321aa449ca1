import { COMPARISONS, type Comparison, isPeriod } from "./period";
import { useAddress } from "./url";

/** The period and comparison in the address: today against the same weekday unless it says otherwise. */
export function usePeriod(): { period: string; comparison: Comparison } {
  const { period, compare } = useAddress();
  const comparison = COMPARISONS.find((name) => name === compare) ?? "week";
  return { period: isPeriod(period) ? period : "today", comparison };
}
