// @vitest-environment happy-dom
import { expect, it } from "vitest";
import { onSlots, slotsOf, timeOf } from "./series";
import { biggestMover } from "./WhatChanged";

const HOUR = 3_600_000;
const START = Date.parse("2026-11-10T16:00:00Z");

it("lays figures on the hours of a day: 0 where nothing was sold, nothing after now", () => {
  const slots = slotsOf(START, START + 4 * HOUR, "hour");
  expect(slots.labels).toEqual(["00:00", "01:00", "02:00", "03:00"]);
  const rows = [{ hour: "2026-11-10T17:00:00Z", gmv: 500, ctr: 0.1 }];
  expect(onSlots(rows, "gmv", slots, 0, START + 3 * HOUR)).toEqual([0, 500, 0, null]);
  expect(onSlots(rows, "ctr", slots, 0, START + 3 * HOUR)).toEqual([null, 0.1, null, null]);
});

it("reads the shop's wall clock and whole days", () => {
  expect(timeOf({ day: "2026-11-11" })).toBe(START);
  expect(timeOf({ hour: "2026-11-11 00:00:00" })).toBe(START);
  expect(timeOf({ hour: "2026-11-11T00:00:00+08:00" })).toBe(START);
});

it("names what moved most", () => {
  const now = [{ channel: "web", net: 100 }, { channel: "app", net: 50 }];
  const before = [{ channel: "web", net: 90 }, { channel: "store", net: 80 }];
  expect(biggestMover(now, before, "channel")).toEqual({ name: "store", moved: -80 });
});
