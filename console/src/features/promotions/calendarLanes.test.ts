import { describe, expect, it } from "vitest";
import type { CalendarOverlap } from "@/api/types";
import { lanesOf, overlapsOf, perDay, type Planned } from "./calendarLanes";

const DAY = 86_400_000;
const at = (day: number) => new Date(day * DAY).toISOString();
const span = { from: 100 * DAY, until: 104 * DAY };
const planned = (id: string, from: number | null, until: number | null): Planned => ({ id, name: id, state: "live", starts_at: from === null ? null : at(from), ends_at: until === null ? null : at(until), layer: null, exclusive: false });
const meet = (ids: string[], conflict: boolean): CalendarOverlap => ({ promotion_ids: ids, from: null, until: null, shared_skus: 1, stacks: true, conflict, lowest: null });

describe("the calendar's lanes", () => {
  const promotions = [planned("always", null, null), planned("ends", 90, 102), planned("low", null, null), planned("long", 90, 120)];
  it("puts collisions first, then what changes, then what runs on", () => {
    const overlaps = overlapsOf([meet(["low", "always"], false), meet(["low", "gone"], true)]);
    const lanes = lanesOf(promotions, overlaps, span, 101 * DAY);
    expect([lanes.conflict, lanes.changing, lanes.steady].map((lane) => lane.map((one) => one.id))).toEqual([["low"], ["ends"], ["always", "long"]]);
    expect(overlaps.get("low")).toHaveLength(2);
  });
  it("lets the next change come first, and what is over last", () => {
    const lanes = lanesOf([planned("over", 90, 100.5), planned("later", 103, 110), planned("soon", 90, 102)], new Map(), span, 101 * DAY);
    expect(lanes.changing.map((one) => one.id)).toEqual(["soon", "later", "over"]);
  });
  it("counts what runs on each day", () => {
    expect(perDay(promotions, span)).toEqual([4, 4, 3, 3]);
  });
});
