import { describe, expect, it } from "vitest";
import { comparedTo, isPeriod, shiftMs, spanOf } from "./period";
import { DAY_MS, dayOf, dayStartMs, fromInput, parseDay, rfc3339, toInput } from "./time";

const NOON = Date.parse("2026-11-11T04:00:00Z"); // 12:00 in Shanghai

describe("the business day", () => {
  it("starts at midnight in Shanghai", () => {
    expect(rfc3339(dayStartMs(NOON))).toBe("2026-11-10T16:00:00.000Z");
    expect(dayOf(Date.parse("2026-11-10T16:00:00Z"))).toBe("2026-11-11");
    expect(dayOf(Date.parse("2026-11-10T15:59:59Z"))).toBe("2026-11-10");
  });
  it("starts right where clocks change", () => {
    const spring = dayStartMs(Date.parse("2026-03-08T18:00:00Z"), "America/New_York");
    expect(rfc3339(spring)).toBe("2026-03-08T05:00:00.000Z");
  });
  it("is read from text, and nonsense is refused", () => {
    expect(rfc3339(parseDay("2026-11-11") ?? 0)).toBe("2026-11-10T16:00:00.000Z");
    expect(parseDay("2026-02-30")).toBeNull();
    expect(parseDay("yesterday")).toBeNull();
  });
  it("goes through an input unharmed", () => {
    expect(fromInput(toInput("2026-11-10T16:30:00.000Z"))).toBe("2026-11-10T16:30:00.000Z");
    expect(fromInput("")).toBeNull();
  });
});

describe("periods", () => {
  it("today ends now and is compared with the same hours a week before", () => {
    const span = spanOf("today", NOON);
    expect(span.toMs).toBe(NOON);
    expect(span.granularity).toBe("hour");
    expect(comparedTo(span, "week")).toEqual({ fromMs: span.fromMs - 7 * DAY_MS, toMs: NOON - 7 * DAY_MS });
    expect(comparedTo(span, "none")).toBeNull();
  });
  it("thirty days shift by whole weeks, so that weekdays meet", () => {
    expect(shiftMs(spanOf("30d", NOON), "week") % (7 * DAY_MS)).toBe(0);
    expect(shiftMs(spanOf("30d", NOON), "previous")).toBe(30 * DAY_MS);
  });
  it("chosen days include both ends", () => {
    const span = spanOf("2026-11-01~2026-11-03", NOON);
    expect(span.untilMs - span.fromMs).toBe(3 * DAY_MS);
    expect(isPeriod("2026-11-03~2026-11-01")).toBe(false);
    expect(isPeriod("nonsense")).toBe(false);
  });
});
