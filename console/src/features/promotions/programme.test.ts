import { describe, expect, it } from "vitest";
import type { PointsCourse } from "@/api/types";
import { climbs, firstMonth, newProgramme, nextTier, shareBack } from "./programme";

const document = newProgramme("CNY", { zh: "z", en: "e" });
const month = (tier: string | null, earned: number, expired = 0) => ({ day: "2026-01-15", earn_percent: 100, earned, expired, balance: 0, pending: 0, worth: 0, tier });
const course: PointsCourse = { currency: "CNY", months: [month(null, 1_000), month("silver", 1_000), month("top", 1_500, 1_000)] };

describe("what a programme comes to", () => {
  it("says when each tier is reached, also one that is leapt over, and which are not", () => {
    const tiers = ["silver", "gold", "top", "beyond"].map((name, at) => ({ name, at_least: at, earn_percent: 100 }));
    expect(climbs(course, tiers)).toEqual([
      { name: "silver", month: 2 },
      { name: "gold", month: 3 },
      { name: "top", month: 3 },
      { name: "beyond", month: null },
    ]);
  });
  it("finds the first month of which something holds", () => {
    expect(firstMonth(course, (one) => one.expired > 0)).toBe(3);
    expect(firstMonth(course, (one) => one.expired > 5_000)).toBeNull();
  });
  it("weighs the points of a year against what was spent for them", () => {
    expect(shareBack(course, document, 100_000)).toBeCloseTo(3_500 / 300_000);
    expect(shareBack(course, document, 0)).toBeNull();
  });
  it("adds a tier above the last one", () => {
    expect(nextTier([], false).at_least).toBe(100_000);
    expect(nextTier([{ name: "a", at_least: 300, earn_percent: 100 }], true)).toEqual({ name: "", at_least: 600, earn_percent: 150 });
  });
});
