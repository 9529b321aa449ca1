import type { Unit } from "@/lib/numbers";

export interface KeyMetric {
  name: string;
  unit: Unit;
}

/** The seven numbers of the day, in the order an operator asks for them. */
export const KEY_METRICS: KeyMetric[] = [
  { name: "gmv", unit: "minor" },
  { name: "orders", unit: "count" },
  { name: "cost", unit: "minor" },
  { name: "roi", unit: "ratio" },
  { name: "discount_rate", unit: "ratio" },
  { name: "ctr", unit: "ratio" },
  { name: "cvr", unit: "ratio" },
];

export const KEY_NAMES = KEY_METRICS.map((metric) => metric.name);
