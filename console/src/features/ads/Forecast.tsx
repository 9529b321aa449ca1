import { useTranslation } from "react-i18next";
import type { CampaignDocument } from "@/api/types";
import { count, DASH, money } from "@/lib/numbers";

/** What the budget buys at most, as far as it can be reckoned without a forecast. */
export function Forecast({ value }: { value: CampaignDocument }) {
  const { t } = useTranslation();
  const clicks = value.bid_minor > 0 ? Math.floor(value.daily_budget_minor / value.bid_minor) : null;
  return (
    <aside className="card" aria-label={t("adForecast.title")}>
      <h2>{t("adForecast.title")}</h2>
      <p>{t("adForecast.least", { clicks: clicks === null ? DASH : count(clicks), budget: money(value.daily_budget_minor, value.currency), bid: money(value.bid_minor, value.currency) })}</p>
    </aside>
  );
}
