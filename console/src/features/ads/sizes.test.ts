import { expect, it } from "vitest";
import { readSizes, writeSizes } from "./sizes";

it("reads sizes as people write them, and leaves out what is none", () => {
  expect(readSizes(["300x250", "750*200", "1080 × 1920", "big", "x90"])).toEqual([{ width: 300, height: 250 }, { width: 750, height: 200 }, { width: 1080, height: 1920 }]);
  expect(writeSizes([{ width: 300, height: 250 }])).toEqual(["300x250"]);
});
