import type { CampaignDocument } from "@/api/types";

const BID_MINOR = 100;
const BUDGET_MINOR = 50_000;

/** A campaign to start from: everything of it is there, nothing of it is chosen. */
export const blankCampaign = (currency: string): CampaignDocument => ({
  name: "",
  advertiser: "",
  placements: [],
  bid_minor: BID_MINOR,
  currency,
  daily_budget_minor: BUDGET_MINOR,
  targeting: { segments_any: [], channels_any: [], expression: null },
  creatives: [{ id: "c1", title: "", landing_url: "/" }],
  starts_at: null,
  ends_at: null,
  caps: [],
  exchange: null,
});

/** The campaign shown in another way: what does not bid has no bid, no budget and no strategy. */
export function soldAs(value: CampaignDocument, sold: NonNullable<CampaignDocument["sold"]>): CampaignDocument {
  const before = value.sold ?? "auction";
  if (sold === before) return value;
  if (sold === "auction") return { ...value, sold, bid_minor: BID_MINOR, daily_budget_minor: BUDGET_MINOR };
  const free = { ...value, sold, bid_minor: 0, daily_budget_minor: 0 };
  delete free.pricing;
  delete free.strategy;
  delete free.total_budget_minor;
  return free;
}

/** As much of a campaign as a forecast reads. Null while bid, budget or places are missing. */
export function draftOf(value: CampaignDocument) {
  const { bid_minor, daily_budget_minor, placements, currency, targeting, caps, advertiser, starts_at, ends_at, hours = [] } = value;
  if (bid_minor <= 0 || daily_budget_minor < bid_minor || placements.length === 0) return null;
  return { bid_minor, daily_budget_minor, placements, currency, targeting, caps, advertiser, starts_at, ends_at, hours, ...(value.pricing ? { pricing: value.pricing } : {}), creatives: value.creatives.filter(({ title, landing_url }) => title && landing_url) };
}
