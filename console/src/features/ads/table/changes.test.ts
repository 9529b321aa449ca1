// @vitest-environment happy-dom
import { expect, it } from "vitest";
import { blankCampaign, soldAs } from "@/features/ads/document";
import type { Campaign } from "./changes";
import { edited, moving, reverting, scaled, scaling, writing } from "./changes";

const item = (state: Campaign["state"]) => ({ id: "a", state, revision: 3, document: blankCampaign("CNY") }) as Campaign;

it("scales in whole minor units, never to nothing", () => {
  expect([scaled(100, 15), scaled(99, -10), scaled(1, -90), scaled(50_000, 100)]).toEqual([115, 89, 1, 100_000]);
  expect(scaling(item("live"), "bid_minor", 0)).toBeNull();
  expect(scaling(item("live"), "daily_budget_minor", 20)).toMatchObject({ document: { daily_budget_minor: 60_000, bid_minor: 100 } });
});

it("never scales what does not bid, which a booked campaign and the house's are", () => {
  const bidding = { ...blankCampaign("CNY"), strategy: { kind: "tcpa", target_minor: 900 } } as const;
  const booked = soldAs({ ...bidding }, "booked");
  expect(booked).toMatchObject({ sold: "booked", bid_minor: 0, daily_budget_minor: 0 });
  expect(booked).not.toHaveProperty("strategy");
  expect(scaling({ ...item("live"), document: booked }, "bid_minor", 10)).toBeNull();
  expect(soldAs(booked, "auction")).toMatchObject({ bid_minor: 100, daily_budget_minor: 50_000 });
  expect(soldAs({ ...bidding }, "auction")).toEqual(bidding);
});

it("moves only what is not there yet", () => {
  expect(moving(item("live"), "pause")).toEqual({ to: "pause" });
  for (const [state, to] of [["live", "publish"], ["paused", "pause"], ["draft", "pause"], ["archived", "publish"]] as const) expect(moving(item(state), to)).toBeNull();
});

it("writes against the revision that was seen, and back to the former content or state", () => {
  const before = item("live");
  const edit = scaling(before, "bid_minor", 50);
  if (!edit) throw new Error("an edit");
  expect(writing(before, edit)).toMatchObject({ id: "a", revision: 3, document: { bid_minor: 150 } });
  const after = edited(before, edit, { at: 0, id: "a", done: true, revision: 4, state: "live", errors: [] });
  expect([after.revision, after.document.bid_minor]).toEqual([4, 150]);
  const back = reverting({ before, after });
  expect(writing(back.item, back.edit)).toMatchObject({ id: "a", revision: 4, document: { bid_minor: 100 } });
  const paused = edited(before, { to: "pause" }, { at: 0, id: "a", done: true, revision: 4, state: "paused", errors: [] });
  expect(reverting({ before, after: paused }).edit).toEqual({ to: "publish" });
});
