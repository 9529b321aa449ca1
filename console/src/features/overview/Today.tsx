import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import { numeric } from "@/api/figures";
import { useFigures } from "@/api/figures-hook";
import { Chart } from "@/components/chart/Chart";
import type { Drawing } from "@/components/chart/option";
import { Failure, Waiting } from "@/components/states";
import { nowMs } from "@/lib/clock";
import { change, exact, short, stepMin, tick } from "@/lib/numbers";
import { shiftMs, spanOf } from "@/lib/period";
import { usePreferences } from "@/lib/preferences";
import { useParameter } from "@/lib/url";
import { usePeriod } from "@/lib/usePeriod";
import { KEY_METRICS, KEY_NAMES } from "./metrics";
import { onSlots, slotsOf } from "./series";

/** The period's course by hour or day, the compared one dashed behind it. */
export function Today() {
  const { t } = useTranslation();
  const { period, comparison } = usePeriod();
  const [metric, setMetric] = useParameter("chart", "gmv");
  const unit = KEY_METRICS.find((one) => one.name === metric)?.unit ?? "count";
  const { currency } = useCurrency();
  const { language } = usePreferences();
  // The same questions as the key numbers ask, so that they are asked once.
  const now = useFigures({ metrics: KEY_NAMES, granularity: "auto" }, "now", 10_000);
  const before = useFigures({ metrics: KEY_NAMES, granularity: "auto" }, "beforeWhole");
  const names = { now: t(`period.${period}`, { defaultValue: period }), before: t(`compare.${comparison}`) };
  const drawing = useMemo<Drawing>(() => {
    const span = spanOf(period, nowMs());
    const slots = slotsOf(span.fromMs, span.untilMs, span.granularity);
    const series = [{ name: names.now, values: onSlots(now.data?.rows ?? [], metric, slots, 0, span.toMs) }];
    const old = onSlots(before.data?.rows ?? [], metric, slots, shiftMs(span, comparison), Infinity);
    if (before.data?.rows.length) series.push({ name: names.before, values: old, dashed: true } as (typeof series)[number]);
    return {
      kind: "line",
      labels: slots.labels,
      series,
      format: (value) => exact(value, unit, currency),
      formatShort: (value) => tick(value, unit, currency, language),
      stepMin: stepMin(unit, currency),
    };
  }, [period, comparison, metric, unit, currency, language, now.data, before.data, names.now, names.before]);
  const title = useTitle(metric, unit);
  return (
    <div className="stack today">
      {now.error && <Failure error={now.error} retry={() => void now.refetch()} />}
      {now.isPending && (
        <section className="card">
          <Waiting lines={8} />
        </section>
      )}
      {now.data && (
      <Chart
        title={title}
        name={`overview-${metric}`}
        axis={t("overview.time")}
        drawing={drawing}
        note={
          <span className="segments" role="group" aria-label={t("overview.metric")}>
            {["gmv", "orders", "cost"].map((value) => (
              <button key={value} type="button" aria-pressed={value === metric} onClick={() => setMetric(value)}>
                {t(`metrics.${value}`)}
              </button>
            ))}
          </span>
        }
      />
      )}
    </div>
  );
}

/** The answer in a sentence: how much so far and how that compares. */
function useTitle(metric: string, unit: (typeof KEY_METRICS)[number]["unit"]): string {
  const { t } = useTranslation();
  const { currency } = useCurrency();
  const { language } = usePreferences();
  const { period, comparison } = usePeriod();
  const now = numeric(useFigures({ metrics: KEY_NAMES }).data?.rows[0], metric);
  const before = numeric(useFigures({ metrics: KEY_NAMES }, "before").data?.rows[0], metric);
  const words = {
    period: t(`period.${period}`, { defaultValue: period }),
    metric: t(`metrics.${metric}`),
    value: short(now, unit, currency, language),
    compare: t(`compare.${comparison}`),
  };
  if (now === null) return t("overview.titleNone", words);
  const moved = change(now, before);
  if (moved.direction === "none") return t("overview.titlePlain", words);
  return t(`overview.title.${moved.direction}`, { ...words, change: moved.text.replace(/^[+−]/, "") });
}
