/** What is counted of a page, by its place in events. */
export const METRICS = ["visitors", "page_views", "promotion_clicks", "product_clicks", "coupon_claims"] as const;
export const UNITS = Object.fromEntries(METRICS.map((name) => [name, "count"]));

/** The `placement_id` under which a page's events stand. */
export const placementOf = (id: string): string => `landing:${id}`;
