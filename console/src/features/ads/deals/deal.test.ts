import { expect, it } from "vitest";
import { cost, ofKind } from "./deal";

const promise = { name: "首页保量", kind: "guaranteed", currency: "CNY", cpm_minor: 6_000, campaign: "brand", placements: ["home"], from_day: "2026-06-18", to_day: "2026-06-20", impressions: 70 } as const;

it("a promise costs its impressions by the thousand", () => {
  expect(cost({ ...promise, placements: ["home"] })).toBe(420);
});

it("another kind keeps what goes with it, and only that", () => {
  const preferred = ofKind({ ...promise, placements: ["home"] }, "preferred");
  expect(preferred).toEqual({ name: "首页保量", kind: "preferred", currency: "CNY", cpm_minor: 6_000, placements: ["home"], from_day: "2026-06-18", to_day: "2026-06-20" });
  expect(ofKind({ ...preferred, advertisers: ["tea"] }, "private")).toEqual({ ...preferred, kind: "private", advertisers: ["tea"] });
});
