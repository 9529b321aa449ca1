import { expect, it } from "vitest";
import { blankCampaign } from "@/features/ads/document";
import { forGoal } from "./goals";

it("a goal says how it bids and how often it is seen, and another goal says it anew", () => {
  const goods = forGoal("goods", blankCampaign("CNY"));
  expect([goods.strategy?.kind, goods.caps]).toEqual(["max_gmv", [{ level: "campaign", times: 5, per: "day" }]]);
  const visits = forGoal("visits", goods);
  expect([visits.strategy?.kind, visits.strategy?.wanted, visits.caps[0]?.times]).toEqual(["max_delivery", "click", 3]);
});

it("what somebody said stays", () => {
  const said = { ...blankCampaign("CNY"), caps: [{ level: "account" as const, times: 9, per: "week" as const }] };
  expect(forGoal("known", said).caps).toEqual(said.caps);
});
