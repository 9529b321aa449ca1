import { describe, expect, it } from "vitest";
import { contrast, tokens } from "./theme";

describe.each(["light", "dark"] as const)("the %s theme", (mode) => {
  const colours = tokens[mode];
  const grounds = [colours.ground, colours.surface, colours.sunken, colours.hover];
  it("can be read on every ground", () => {
    for (const ground of grounds) {
      expect(contrast(colours.text, ground)).toBeGreaterThanOrEqual(7);
      expect(contrast(colours.textSoft, ground)).toBeGreaterThanOrEqual(4.5);
      expect(contrast(colours.primary, ground)).toBeGreaterThanOrEqual(4.5);
    }
  });
  it("can be read on its signal colours", () => {
    expect(contrast(colours.onPrimary, colours.primary)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(colours.primary, colours.primarySoft)).toBeGreaterThanOrEqual(4.5);
    for (const name of ["red", "green", "amber"] as const) {
      expect(contrast(colours[name], colours[`${name}Soft`])).toBeGreaterThanOrEqual(4.5);
      expect(contrast(colours[name], colours.surface)).toBeGreaterThanOrEqual(4.5);
    }
  });
  it("draws lines that can be told from the ground", () => {
    for (const line of colours.series) expect(contrast(line, colours.surface)).toBeGreaterThanOrEqual(3);
    expect(contrast(colours.lineStrong, colours.surface)).toBeGreaterThanOrEqual(3);
  });
});
