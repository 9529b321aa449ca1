import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import { numeric } from "@/api/figures";
import { useFigures } from "@/api/figures-hook";
import { Change } from "@/components/Change";
import { Go } from "@/components/Go";
import { Spark } from "@/components/Spark";
import { Failure } from "@/components/states";
import { nowMs } from "@/lib/clock";
import { exact, short } from "@/lib/numbers";
import { shiftMs, spanOf } from "@/lib/period";
import { usePreferences } from "@/lib/preferences";
import { usePeriod } from "@/lib/usePeriod";
import { KEY_METRICS, KEY_NAMES, type KeyMetric } from "./metrics";
import { onSlots, slotsOf } from "./series";

/** Seven numbers in one band: now, against the comparison, and how they ran. */
export function KeyNumbers() {
  const { t } = useTranslation();
  const now = useFigures({ metrics: KEY_NAMES });
  const before = useFigures({ metrics: KEY_NAMES }, "before");
  const values = { now: now.data?.rows[0], before: before.data?.rows[0] };
  return (
    <>
      {now.error && <Failure error={now.error} retry={() => void now.refetch()} />}
      <section className="key-numbers" aria-label={t("overview.keyNumbers")} aria-busy={now.isPending}>
        {KEY_METRICS.map((metric) => (
          <KeyNumber key={metric.name} metric={metric} pending={now.isPending} now={numeric(values.now, metric.name)} before={numeric(values.before, metric.name)} />
        ))}
      </section>
    </>
  );
}

function KeyNumber({ metric, pending, now, before }: { metric: KeyMetric; pending: boolean; now: number | null; before: number | null }) {
  const { t } = useTranslation();
  const { currency } = useCurrency();
  const { language } = usePreferences();
  const label = t(`metrics.${metric.name}`);
  const full = exact(now, metric.unit, currency);
  return (
    <Go to="/data" extra={{ metrics: metric.name }} className="key-number">
      <span className="key-label" title={t(`definitions.${metric.name}`)}>
        {label}
      </span>
      <span className="big" title={now === null ? t("figures.noData") : full}>
        {pending ? <i className="pending" /> : short(now, metric.unit, currency, language)}
      </span>
      <span className="row">
        {!pending && <Change now={now} before={before} />}
        {before !== null && (
          <span className="note" title={exact(before, metric.unit, currency)}>
            {short(before, metric.unit, currency, language)}
          </span>
        )}
      </span>
      <KeySpark metric={metric.name} label={label} />
    </Go>
  );
}

function KeySpark({ metric, label }: { metric: string; label: string }) {
  const { period, comparison } = usePeriod();
  const now = useFigures({ metrics: KEY_NAMES, granularity: "auto" }, "now", 10_000);
  const before = useFigures({ metrics: KEY_NAMES, granularity: "auto" }, "beforeWhole");
  const span = spanOf(period, nowMs());
  const slots = slotsOf(span.fromMs, span.untilMs, span.granularity);
  const values = onSlots(now.data?.rows ?? [], metric, slots, 0, span.toMs);
  const old = before.data?.rows.length ? onSlots(before.data.rows, metric, slots, shiftMs(span, comparison), Infinity) : [];
  const { t } = useTranslation();
  return <Spark values={values} before={old} label={t("overview.spark", { metric: label })} />;
}
