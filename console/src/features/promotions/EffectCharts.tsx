import { useTranslation } from "react-i18next";
import type { Effect } from "@/api/types";
import { Chart } from "@/components/chart/Chart";
import { nowMs } from "@/lib/clock";
import { comparedTo, spanOf } from "@/lib/period";
import { count, money, stepMin, tick } from "@/lib/numbers";
import { usePreferences } from "@/lib/preferences";
import { usePeriod } from "@/lib/usePeriod";
import { bucketWords, filled, peakOf } from "./effect";

/** Orders and discount over the period, the compared one beside them. */
export function EffectCharts({ effect, before }: { effect: Effect; before: Effect | null }) {
  const { period, comparison } = usePeriod();
  const span = spanOf(period, nowMs());
  const shifted = comparedTo(span, comparison);
  const step = effect.granularity;
  const points = filled(effect.series, span.fromMs, span.toMs, step);
  const earlier = before && shifted ? filled(before.series, shifted.fromMs, shifted.toMs, step) : [];
  return (
    <div className="two even">
      <Course name="discount" points={points} earlier={earlier} effect={effect} />
      <Course name="orders" points={points} earlier={earlier} effect={effect} />
    </div>
  );
}

type Points = ReturnType<typeof filled>;

function Course({ name, points, earlier, effect }: { name: "orders" | "discount"; points: Points; earlier: Points; effect: Effect }) {
  const { t } = useTranslation();
  const { language } = usePreferences();
  const { currency, granularity: step } = effect;
  const unit = name === "discount" ? ("minor" as const) : ("count" as const);
  const format = (value: number) => (unit === "minor" ? money(value, currency) : count(value));
  const peak = peakOf(points, name);
  const total = points.reduce((sum, point) => sum + point[name], 0);
  const title = peak ? t(`effect.chart.${name}`, { total: format(total), at: bucketWords(peak, step), most: format(peak[name]) }) : t(`effect.chart.${name}None`);
  const series = [{ name: t("effect.chart.now"), values: points.map((point) => point[name]) as (number | null)[] }];
  if (earlier.length > 0) series.push({ name: t("effect.chart.before"), values: points.map((_, at) => earlier[at]?.[name] ?? null) });
  return (
    <Chart
      title={title}
      name={name}
      axis={t("effect.chart.at")}
      drawing={{
        kind: "bar",
        labels: points.map((point) => bucketWords(point, step)),
        series: series.map((one, at) => ({ ...one, dashed: at === 1 })),
        format,
        formatShort: (value) => tick(value, unit, currency, language),
        stepMin: stepMin(unit, currency),
      }}
    />
  );
}
