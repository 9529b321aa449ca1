import { expect, it } from "vitest";
import { parseDay } from "@/lib/time";
import { bucketWords, filled, mostOf, peakOf, rangeWords, signed, valueOf } from "./effect";

const t = (key: string, vars?: Record<string, unknown>) => (key === "effect.added.range" ? `${String(vars?.low)}…${String(vars?.high)}` : key);

it("an open end of an interval says so", () => {
  expect(rangeWords(t, { value: 1, low: -2, high: null }, String)).toBe("-2…effect.lift.open");
});

it("changes have their sign, and values their unit", () => {
  expect([signed(0.031), signed(-0.02), signed(0)]).toEqual(["+3.10%", "−2.00%", "0.00%"]);
  expect(valueOf({ unit: "minor" }, 1234.5, "CNY")).toBe("¥12.35");
  expect(valueOf({ unit: "ratio" }, 0.222, "CNY")).toBe("22.2%");
  expect(valueOf({ unit: "count" }, 0.25, "CNY")).toBe("0.25");
  expect(valueOf({ unit: "count" }, null, "CNY")).toBe("—");
});

it("who pays most, and nobody where nothing was given", () => {
  expect(mostOf({ platform: 10, shop: 30, brand: 60 })).toEqual({ payer: "brand", share: 0.6 });
  expect(mostOf({ platform: 0, shop: 0, brand: 0 })).toBeNull();
});

it("days and hours without orders stand at nothing", () => {
  const from = parseDay("2026-11-01") ?? 0;
  const days = filled([{ at: "2026-11-02", orders: 3, discount: 30, gmv: 300 }], from, from + 3 * 86_400_000, "day");
  expect(days.map((point) => [point.at, point.orders])).toEqual([["2026-11-01", 0], ["2026-11-02", 3], ["2026-11-03", 0]]);
  expect(peakOf(days, "discount")?.at).toBe("2026-11-02");
  const hours = filled([{ at: "2026-10-31T17:00:00Z", orders: 1, discount: 10, gmv: 100 }], from, from + 2 * 3_600_000, "hour");
  expect(hours.map((point) => [bucketWords(point, "hour"), point.orders])).toEqual([["00:00", 0], ["01:00", 1]]);
  expect(peakOf([], "orders")).toBeNull();
});
