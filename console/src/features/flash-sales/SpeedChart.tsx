import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Cockpit } from "@/api/types";
import { Chart } from "@/components/chart/Chart";
import { compact, count } from "@/lib/numbers";
import { usePreferences } from "@/lib/preferences";
import { secondLabels } from "./words";

const LINES = ["reserved", "sold", "refused"] as const;

/** Reservations, sales and refusals of each second; the title says how the last minute went. */
export function SpeedChart({ cockpit: { by_second } }: { cockpit: Cockpit }) {
  const { t } = useTranslation();
  const { language } = usePreferences();
  const drawing = useMemo(
    () => ({
      kind: "line" as const,
      labels: secondLabels(by_second.starts_at, by_second.reserved.length),
      series: LINES.map((line) => ({ name: t(`flash.lines.${line}`), values: by_second[line] })),
      format: (value: number) => count(value),
      formatShort: (value: number) => compact(value, language),
      stepMin: 1,
    }),
    [by_second, language, t],
  );
  const lately = (values: number[]) => values.slice(-60).reduce((sum, value) => sum + value, 0);
  const [reserved, sold] = [lately(by_second.reserved), lately(by_second.sold)];
  const best = Math.max(...by_second.sold);
  const title = reserved + sold > 0 ? t("flash.lastMinute", { reserved: count(reserved), sold: count(sold) }) : best > 0 ? t("flash.quietNow", { best: count(best) }) : t("flash.quiet");
  return <Chart title={title} name="flash-sale" axis={t("flash.time")} drawing={drawing} note={<span className="note">{t("flash.lag")}</span>} />;
}
