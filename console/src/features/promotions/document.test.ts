import { expect, test } from "vitest";
import { phaseOf } from "./document";

const NOON_MS = Date.parse("2026-11-29T12:00:00Z");

test.each([
  ["live", {}, "live"],
  ["live", { starts_at: "2026-11-29T12:00:01Z" }, "coming"],
  ["live", { starts_at: "2026-11-29T12:00:00Z", ends_at: "2026-11-29T12:00:01Z" }, "live"],
  ["live", { ends_at: "2026-11-29T12:00:00Z" }, "ended"],
  ["draft", { starts_at: "2026-11-30T00:00:00Z" }, "draft"],
  ["paused", { ends_at: "2026-11-28T00:00:00Z" }, "paused"],
])("%s with %o is %s", (state, times, phase) => {
  expect(phaseOf(state, times, NOON_MS)).toBe(phase);
});
