import { useTranslation } from "react-i18next";

/** What is counted of a page, by its place in events. */
export const METRICS = ["visitors", "page_views", "promotion_clicks", "product_clicks", "coupon_claims"] as const;
export const UNITS = Object.fromEntries(METRICS.map((name) => [name, "count"]));

/** The `placement_id` under which a page's events stand. */
export const placementOf = (id: string): string => `landing:${id}`;

/** Pages stand beside promotions and their codes. */
export function useTabs() {
  const { t } = useTranslation();
  return [
    { id: "promotions", label: t("promotion.tabs.promotions"), to: "/promotions" },
    { id: "calendar", label: t("promotion.tabs.calendar"), to: "/promotions", extra: { tab: "calendar" } },
    { id: "batches", label: t("promotion.tabs.batches"), to: "/promotions", extra: { tab: "batches" } },
    { id: "pages", label: t("landing.pages"), to: "/promotions/pages" },
  ];
}
