// @vitest-environment happy-dom
import { expect, it } from "vitest";
import { join, stepsOf } from "@/api/lines";
import { DAY_MS } from "@/lib/time";
import { axisOf, labelsOf, laid, stepFor, stepsFor, windowed } from "./axis";

const DAY = Date.parse("2026-06-17T16:00:00Z"); // midnight in Shanghai
const span = (days: number, more = 0) => ({ fromMs: DAY, toMs: DAY + days * DAY_MS + more });

it("the running step is left out, and there is always one step", () => {
  expect(stepsOf(axisOf(span(0, 150_000), 60))).toBe(2);
  expect(stepsOf(axisOf(span(0, 5_000), 60))).toBe(1);
  expect(axisOf(span(1), 86_400).fromMs % DAY_MS).toBe(0);
});

it("a day is seen by the minute, a quarter by the hour where the shop's own metrics are beside it", () => {
  expect(stepFor(span(1), true)).toBe(60);
  expect(stepFor(span(7), true)).toBe(3600);
  expect(stepFor(span(90), true)).toBe(3600);
  expect(stepFor(span(90), false)).toBe(21_600);
  expect(stepsFor(span(7), true)).toEqual([3600]);
  expect(stepFor(span(3650), true)).toBeUndefined();
});

it("the last part of a period ends with it and never begins before it", () => {
  expect(windowed(span(1), 60)).toEqual({ fromMs: DAY + DAY_MS - 3_600_000, toMs: DAY + DAY_MS });
  expect(windowed(span(0, 60_000), 360)).toEqual(span(0, 60_000));
  expect(windowed(span(7), Infinity)).toEqual(span(7));
});

it("labels are the shop's time, with the date where days could be taken for one another", () => {
  expect(labelsOf(axisOf(span(1), 3600))[9]).toBe("09:00");
  expect(labelsOf(axisOf(span(3), 3600))[25]).toBe("06-19 01:00");
});

it("values of an older axis lie at their own moments", () => {
  const old = axisOf(span(0, 180_000), 60);
  const now = axisOf(span(0, 240_000), 60);
  expect(laid([1, 2, 3], old, now)).toEqual([1, 2, 3, null]);
  expect(laid([1, 2, 3, 4], now, old)).toEqual([1, 2, 3]);
  expect(laid([1], axisOf(span(1), 3600), old)).toEqual([null, null, null]);
});

it("parts of a long axis are put together line by line", () => {
  const line = (role: string, values: (number | null)[]) => ({ name: "x", function: "avg", labels: { role }, values, unit: null });
  const joined = join([[line("a", [1, 2])], [line("b", [3]), line("a", [4])]], [2, 1]);
  expect(joined.map((one) => [one.labels.role, one.values])).toEqual([
    ["a", [1, 2, 4]],
    ["b", [null, null, 3]],
  ]);
});
