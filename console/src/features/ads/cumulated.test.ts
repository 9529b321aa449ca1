// @vitest-environment happy-dom
import { expect, it } from "vitest";
import { cumulated } from "./cumulated";

const FROM = Date.UTC(2026, 5, 17, 16);
const HOUR = 3_600_000;

it("adds hours up until now, and says nothing of those to come", () => {
  const rows = [{ hour: "2026-06-17T16:00:00Z", cost: 5 }, { hour: "2026-06-17T18:00:00Z", cost: 7 }];
  const spent = cumulated(rows, FROM, FROM + 3.5 * HOUR);
  expect(spent).toHaveLength(24);
  expect(spent.slice(0, 5)).toEqual([5, 5, 12, 12, null]);
});
