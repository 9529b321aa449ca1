import { expect, it } from "vitest";
import { hoursOf, painted, PRESETS, same, stretches } from "./grid";

const NONE = PRESETS.all.map((text) => text.replaceAll("1", "0"));

it("paints the rectangle between two corners, whichever way it was drawn", () => {
  const down = painted(NONE, { day: 0, half: 18 }, { day: 4, half: 35 }, true);
  expect(same(down, PRESETS.working)).toBe(true);
  expect(painted(NONE, { day: 4, half: 35 }, { day: 0, half: 18 }, true)).toEqual(down);
  expect(painted(down, { day: 0, half: 0 }, { day: 6, half: 47 }, false)).toEqual(NONE);
});

it("counts hours and says alike days together", () => {
  expect([hoursOf(PRESETS.all), hoursOf(PRESETS.working), hoursOf(NONE)]).toEqual([168, 45, 0]);
  expect(stretches(PRESETS.working)).toEqual([{ first: 0, last: 4, times: ["09:00–18:00"] }]);
  const lunch = painted(PRESETS.working, { day: 2, half: 24 }, { day: 2, half: 24 }, false);
  expect(stretches(lunch).map(({ first, last }) => [first, last])).toEqual([[0, 1], [2, 2], [3, 4]]);
  expect(stretches(lunch)[1]?.times).toEqual(["09:00–12:00", "12:30–18:00"]);
  expect(stretches(NONE)).toEqual([]);
});
