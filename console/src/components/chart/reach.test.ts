import { expect, it } from "vitest";
import { reachOf } from "./reach";

const row = (value: number, low: number | null, high: number | null) => ({ name: "", words: "", value, low, high });

it("the axis holds what is bounded", () => expect(reachOf([row(0.1, -0.1, 0.3), row(0.2, 0.1, 0.3)])).toBeCloseTo(0.3));
it("one wide interval does not flatten the others", () => expect(reachOf([row(0.1, -0.05, 9), row(0.2, 0.1, 0.3)])).toBeCloseTo(0.6));
it("open ends and nothing at all have an axis too", () => {
  expect(reachOf([row(0.4, null, null)])).toBeCloseTo(0.4);
  expect(reachOf([row(0, 0, 0)])).toBe(1);
});
