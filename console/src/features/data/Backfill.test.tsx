// @vitest-environment happy-dom
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, beforeAll, expect, test } from "vitest";
import { speakPages, startLanguages } from "@/lib/i18n";
import { prefer } from "@/lib/preferences";
import { Backfill } from "./Backfill";

type State = Parameters<typeof Backfill>[0]["state"];

const IDLE: State = { phase: "none", offset: 100, of_offset: 100, begun_at: "", cause: "", last: null };
const LAST = { cause: "version" as const, begun_at: "2026-11-27T00:00:00Z", swapped_at: "2026-11-27T00:05:00Z", events: 90 };
const NOW = "2026-11-28T00:01:00Z";

beforeAll(async () => {
  prefer({ language: "en" });
  await startLanguages();
  await speakPages();
});
afterEach(cleanup);

const shown = (state: Partial<State>) => render(<Backfill state={{ ...IDLE, ...state }} now={NOW} />).container.textContent ?? "";

test("one that is filling tells its share, its cause, and how long the rest takes at its pace", () => {
  const text = shown({ phase: "filling", offset: 25, begun_at: "2026-11-28T00:00:00Z", cause: "settings", last: LAST });
  expect(screen.getByRole("progressbar").getAttribute("aria-valuenow")).toBe("25");
  expect(text).toContain("25.0% done");
  expect(text).toContain("25 of 100 events");
  expect(text).toContain("Settings changed");
  expect(text).toContain("about 3 min to go");
  expect(text).toContain("The one before swapped in at 2026-11-27 08:05:00 and took 5 min");
});

test("nothing is foretold of what has hardly begun", () => {
  expect(shown({ phase: "filling", offset: 0, begun_at: "2026-11-28T00:00:00Z" })).not.toContain("to go");
});

test.each(["swapping", "dropping"] as const)("one that is %s is whole", (phase) => {
  shown({ phase, cause: "asked", begun_at: "2026-11-28T00:00:00Z" });
  expect(screen.getByRole("progressbar").getAttribute("aria-valuenow")).toBe("100");
});

test("the last one tells when it swapped, why, of how many events and how long it took", () => {
  const text = shown({ last: LAST });
  expect(screen.queryByRole("progressbar")).toBeNull();
  for (const words of ["2026-11-27 08:05:00", "a new version", "90", "5 min"]) expect(text).toContain(words);
});

test("where there never was one it says what would begin one", () => {
  expect(shown({})).toContain("queqiao backfill");
});
