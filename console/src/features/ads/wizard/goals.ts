/** What a campaign is for, and what that says of the rest of it. */

import type { BidStrategy, CampaignDocument, Cap } from "@/api/types";

export const GOALS = ["goods", "visits", "known", "manual"] as const;
export type Goal = (typeof GOALS)[number];

export const isGoal = (name: string): name is Goal => (GOALS as readonly string[]).includes(name);

interface Start {
  strategy: BidStrategy;
  caps: Cap[];
}

const daily = (times: number): Cap[] => [{ level: "campaign", times, per: "day" }];
const strategy = (kind: NonNullable<BidStrategy["kind"]>, pacing: NonNullable<BidStrategy["pacing"]>, wanted: NonNullable<BidStrategy["wanted"]> = "conversion"): BidStrategy => ({ kind, pacing, wanted, target_minor: null, target_return_percent: null });

const STARTS: Record<Goal, Start> = {
  goods: { strategy: strategy("max_gmv", "even"), caps: daily(5) },
  visits: { strategy: strategy("max_delivery", "even", "click"), caps: daily(3) },
  known: { strategy: strategy("manual", "even"), caps: daily(2) },
  manual: { strategy: strategy("manual", "asap"), caps: [] },
};

const alike = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
const anyStart = (part: keyof Start, value: unknown) => value === undefined || Object.values(STARTS).some((start) => alike(start[part], value));

/** The campaign with what a goal says of it, where nobody said anything else yet. */
export function forGoal(goal: Goal, value: CampaignDocument): CampaignDocument {
  const start = STARTS[goal];
  return {
    ...value,
    strategy: anyStart("strategy", value.strategy) ? start.strategy : value.strategy,
    caps: anyStart("caps", value.caps) ? start.caps : value.caps,
  } as CampaignDocument;
}
