import { expect, it } from "vitest";
import { latestMonths } from "./months";

it("names months backwards over the new year", () => {
  expect(latestMonths("2026-02-28", 4)).toEqual(["2026-02", "2026-01", "2025-12", "2025-11"]);
});
