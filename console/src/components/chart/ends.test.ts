import { expect, it } from "vitest";
import { apart } from "./ends";

it("labels that have room stay where they are", () => expect(apart([10, 40, 90], 200)).toEqual([0, 0, 0]));

it("labels on one another move apart, in the order of their lines, and never below the bottom", () => {
  expect(apart([100, 100, 20], 200)).toEqual([0, 14, 0]);
  const ys = [98, 99, 100, 30];
  const placed = apart(ys, 100).map((shift, at) => shift + (ys[at] ?? 0));
  expect(placed).toEqual([72, 86, 100, 30]);
});
