import { useTranslation } from "react-i18next";
import { numeric } from "@/api/figures";
import { useFigures } from "@/api/figures-hook";
import { Go } from "@/components/Go";
import { nowMs } from "@/lib/clock";
import { spanOf } from "@/lib/period";
import { DAY_MS, dayOf, parseInstant } from "@/lib/time";
import { usePeriod } from "@/lib/usePeriod";

/** Where the period holds nothing but older data exists: one sentence and the way to it. */
export function LastData() {
  const { t } = useTranslation();
  const { period } = usePeriod();
  const figures = useFigures({ metrics: ["orders"] });
  const orders = numeric(figures.data?.rows[0], "orders") ?? 0;
  if (!figures.data || orders > 0) return null;
  const last = parseInstant(figures.data.watermark);
  if (last !== null && last < spanOf(period, nowMs()).fromMs) {
    const to = dayOf(last);
    return (
      <p className="notice">
        {t("overview.older", { day: to })}
        <Go to="/" extra={{ period: `${dayOf(last - 29 * DAY_MS)}~${to}`, compare: "previous" }}>
          {t("overview.showOlder")}
        </Go>
      </p>
    );
  }
  return (
    <p className="notice">
      {t("overview.noOrders")}
      <Go to="/operations">{t("overview.connect")}</Go>
    </p>
  );
}
