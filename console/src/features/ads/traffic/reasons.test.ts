// @vitest-environment happy-dom
import { expect, it } from "vitest";
import { linesOf } from "./reasons";

const row = (reason: string, day: string, invalid_clicks: number) => ({ reason, day, invalid_clicks });
const day = (one: { [name: string]: unknown }) => String(one.day);

it("draws each reason over all times, the largest first; valid events have no reason", () => {
  const lines = linesOf([row("declared_bot", "01", 2), row("too_fast", "02", 9), row("", "03", 0)], "invalid_clicks", day);
  expect(lines.times).toEqual(["01", "02", "03"]);
  expect(lines.reasons).toEqual([{ reason: "too_fast", sum: 9, values: [0, 9, 0] }, { reason: "declared_bot", sum: 2, values: [2, 0, 0] }]);
});

it("puts small ones together where there are too many to tell apart", () => {
  const many = Array.from({ length: 8 }, (_, at) => row(`r${at}`, "01", 10 - at));
  const lines = linesOf(many, "invalid_clicks", day);
  expect(lines.reasons.map(({ reason, sum }) => [reason, sum])).toEqual([["r0", 10], ["r1", 9], ["r2", 8], ["r3", 7], ["r4", 6], ["rest", 12]]);
});
