import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { numeric } from "@/api/figures";
import { useFigures } from "@/api/figures-hook";
import type { CampaignDocument } from "@/api/types";
import { Chart } from "@/components/chart/Chart";
import type { Drawing } from "@/components/chart/option";
import { nowMs } from "@/lib/clock";
import { tick, money } from "@/lib/numbers";
import { usePreferences } from "@/lib/preferences";
import { dayOf, parseDay } from "@/lib/time";

/** Spend by day against the daily budget; a single day only where it stands alone, not under its own burn-down. */
export function Pacing({ id, document, alone }: { id: string; document: CampaignDocument; alone: boolean }) {
  const { t } = useTranslation();
  const { language } = usePreferences();
  const days = useFigures({ metrics: ["cost"], filters: { campaign: [id] }, granularity: "day" }, "now", 5000);
  const rows = days.data?.rows;
  const budget = document.daily_budget_minor;
  const drawing = useMemo<Drawing>(() => {
    const found = [...(rows ?? [])].map((row) => ({ day: String(row.day ?? row.time ?? "").slice(0, 10), cost: numeric(row, "cost") ?? 0 })).sort((a, b) => a.day.localeCompare(b.day));
    const shown = found.length ? found : [{ day: dayOf(nowMs()), cost: 0 }];
    return {
      kind: shown.length > 2 ? "line" : "bar",
      labels: shown.map((one) => (parseDay(one.day) === null ? one.day : one.day.slice(5))),
      series: [
        { name: t("ads.pacing.spent"), values: shown.map((one) => one.cost) },
        { name: t("ads.pacing.budget"), values: shown.map(() => budget), dashed: true },
      ],
      format: (value) => money(value, document.currency),
      formatShort: (value) => tick(value, "minor", document.currency, language),
    };
  }, [rows, budget, document.currency, language, t]);
  const last = drawing.series[0]?.values.at(-1) ?? 0;
  const share = budget > 0 ? Math.round((last / budget) * 100) : 0;
  if (!alone && drawing.labels.length < 2) return null;
  return <Chart title={t("ads.pacing.title", { share, day: drawing.labels.at(-1) })} name={`pacing-${id}`} axis={t("ads.pacing.day")} drawing={drawing} />;
}
