import { useTranslation } from "react-i18next";

/** What stands beside one another under Promotions: lists in one page, and pages of their own. */
export function usePromotionTabs() {
  const { t } = useTranslation();
  const lists = ["promotions", "calendar", "batches", "points"].map((id) => ({ id, label: t(`promotion.tabs.${id}`), to: "/promotions", ...(id === "promotions" ? {} : { extra: { tab: id } }) }));
  return [...lists, { id: "referrals", label: t("referrals.tab"), to: "/promotions/referrals" }, { id: "flash-sales", label: t("flash.sales"), to: "/promotions/flash-sales" }, { id: "pages", label: t("landing.pages"), to: "/promotions/pages" }, { id: "effects", label: t("effect.tab"), to: "/promotions/effects" }, { id: "try", label: t("trying.tab"), to: "/promotions/try" }];
}
