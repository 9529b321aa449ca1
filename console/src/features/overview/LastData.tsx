import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { numeric } from "@/api/figures";
import { useFigures } from "@/api/figures-hook";
import { queryReport } from "@/api/report";
import { Go } from "@/components/Go";
import { nowMs } from "@/lib/clock";
import { spanOf } from "@/lib/period";
import { DAY_MS, dayOf, parseDay, rfc3339 } from "@/lib/time";
import { KEY_NAMES } from "./metrics";
import { usePeriod } from "@/lib/usePeriod";

const TEN_YEARS_MS = 3650 * DAY_MS;

/** Where the period holds nothing but older data exists: one sentence and the way to it. */
export function LastData() {
  const figures = useFigures({ metrics: KEY_NAMES });
  const orders = numeric(figures.data?.rows[0], "orders") ?? 0;
  if (!figures.data || orders > 0) return null;
  return <Older />;
}

/** The last day before this period that had orders, whatever its age. */
async function lastDay(beforeMs: number): Promise<string | null> {
  const report = await queryReport({
    metrics: ["orders"],
    granularity: "day",
    from: rfc3339(beforeMs - TEN_YEARS_MS),
    to: rfc3339(beforeMs),
    order: [{ by: "day", direction: "desc" }],
    limit: 1,
  });
  const at = report.columns.findIndex((column) => column.name === "day");
  const day = report.rows[0]?.[at];
  return typeof day === "string" ? day.slice(0, 10) : null;
}

function Older() {
  const { t } = useTranslation();
  const { period } = usePeriod();
  const found = useQuery({ queryKey: ["last-day", period], queryFn: () => lastDay(spanOf(period, nowMs()).fromMs), staleTime: 60_000 });
  const to = found.data;
  const last = to ? parseDay(to) : null;
  if (found.isPending) return null;
  if (to && last !== null) {
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
      <Go to="/data/sources">{t("overview.connect")}</Go>
    </p>
  );
}
