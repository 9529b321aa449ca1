import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Figure } from "@/api/figures";
import { useFigures } from "@/api/figures-hook";
import { Chart } from "@/components/chart/Chart";
import type { Drawing } from "@/components/chart/option";
import { Choice } from "@/components/Choice";
import { Empty, Loaded } from "@/components/states";
import { compact, count, percent } from "@/lib/numbers";
import { usePreferences } from "@/lib/preferences";
import { minuteText, monthDayText, parseInstant } from "@/lib/time";
import { useParameter } from "@/lib/url";
import { linesOf } from "./reasons";

const KINDS = ["invalid_clicks", "invalid_impressions", "invalid_conversions"] as const;
const ROWS_MAX = 5_000;

const stampOf = (row: Figure): string => String(row.hour ?? row.day ?? row.time ?? "");

/** Invalid traffic by its reason, over the period. */
export function ByReason() {
  const { t } = useTranslation();
  const [kind, setKind] = useParameter("kind", "invalid_clicks");
  const metric = KINDS.find((one) => one === kind) ?? "invalid_clicks";
  const figures = useFigures({ metrics: [metric], dimensions: ["reason"], granularity: "auto", limit: ROWS_MAX });
  const choice = <Choice label={t("traffic.kind")} value={metric} onChange={setKind} options={KINDS.map((value) => ({ value: value as string, label: t(`traffic.metrics.${value}`) }))} />;
  return <Loaded query={figures}>{(data) => <Drawn rows={data.rows} metric={metric} tools={choice} />}</Loaded>;
}

function Drawn({ rows, metric, tools }: { rows: Figure[]; metric: string; tools: React.ReactNode }) {
  const { t } = useTranslation();
  const { language } = usePreferences();
  const lines = useMemo(() => linesOf(rows, metric, stampOf), [rows, metric]);
  const words = (reason: string) => t(`traffic.reasons.${reason}`, { defaultValue: reason });
  const label = (stamp: string) => (stamp.length > 10 ? shortTime(stamp) : stamp.slice(5));
  const drawing: Drawing = {
    kind: lines.times.length > 1 ? "line" : "bar",
    labels: lines.times.map(label),
    series: lines.reasons.map(({ reason, values }) => ({ name: words(reason), values })),
    format: count,
    formatShort: (value) => compact(value, language),
    stepMin: 1,
  };
  const [most] = lines.reasons;
  const total = lines.reasons.reduce((sum, one) => sum + one.sum, 0);
  if (!most) {
    return (
      <section className="card">
        <div className="row">{tools}</div>
        <Empty>{t("traffic.none")}</Empty>
      </section>
    );
  }
  const title = t("traffic.mostly", { reason: words(most.reason), share: percent(most.sum / total), total: count(total) });
  return <Chart title={title} name={`traffic-${metric}`} axis={t("dimensions.time")} drawing={drawing} tools={tools} />;
}

function shortTime(stamp: string): string {
  const at = parseInstant(stamp);
  return at === null ? stamp : `${monthDayText(at)} ${minuteText(at)}`;
}
