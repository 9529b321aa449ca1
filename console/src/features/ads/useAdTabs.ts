import { useTranslation } from "react-i18next";

/** What stands beside campaigns: lists of documents on one page, the auctions and the traffic on pages of their own. */
export function useAdTabs() {
  const { t } = useTranslation();
  return [
    { id: "campaigns", label: t("ads.tabs.campaigns"), to: "/ads" },
    { id: "placements", label: t("ads.tabs.placements"), to: "/ads", extra: { tab: "placements" } },
    { id: "deals", label: t("ads.tabs.deals"), to: "/ads", extra: { tab: "deals" } },
    { id: "advertisers", label: t("ads.tabs.advertisers"), to: "/ads", extra: { tab: "advertisers" } },
    { id: "auctions", label: t("ads.tabs.auctions"), to: "/ads/why" },
    { id: "traffic", label: t("ads.tabs.traffic"), to: "/ads/traffic" },
  ];
}
