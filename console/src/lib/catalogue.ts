/** Metrics with the unit of their values, and dimensions, as the metric catalogue names them. */
export const METRICS: Record<string, string> = {
  gmv: "minor",
  net: "minor",
  gross: "minor",
  credit_notes: "minor",
  orders: "count",
  invoices: "count",
  credit_note_count: "count",
  units: "count",
  aov: "minor",
  discount: "minor",
  discount_rate: "ratio",
  views: "count",
  adds: "count",
  page_views: "count",
  promotion_views: "count",
  promotion_clicks: "count",
  product_clicks: "count",
  coupon_claims: "count",
  sessions: "count",
  visitors: "count",
  impressions: "count",
  clicks: "count",
  ctr: "ratio",
  cost: "minor",
  cpc: "minor",
  conversions: "count",
  cvr: "ratio",
  revenue_attributed: "minor",
  roas: "ratio",
  roi: "ratio",
};

export const DIMENSIONS = ["channel", "category", "product", "campaign", "promotion", "coupon", "source", "event"];

/** Metrics that are 0, not unknown, where nothing happened: sums and counts, never ratios or averages. */
export const isCounted = (metric: string): boolean => METRICS[metric] !== "ratio" && metric !== "aov" && metric !== "cpc";
