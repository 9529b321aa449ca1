import type { CampaignDocument } from "@/api/types";

/** A campaign to start from: everything of it is there, nothing of it is chosen. */
export const blankCampaign = (currency: string): CampaignDocument => ({
  name: "",
  advertiser: "",
  placements: [],
  bid_minor: 100,
  currency,
  daily_budget_minor: 50_000,
  targeting: { segments_any: [], channels_any: [], expression: null },
  creatives: [{ id: "c1", title: "", landing_url: "/" }],
  starts_at: null,
  ends_at: null,
  caps: [],
  exchange: null,
});
