/** What a campaign is judged by. */
export const METRICS = ["impressions", "clicks", "ctr", "cost", "cpc", "revenue_attributed", "roi"];

export const UNITS: Record<string, string> = { ctr: "ratio", cost: "minor", cpc: "minor", revenue_attributed: "minor", roi: "ratio" };
