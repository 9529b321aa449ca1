import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { batchStatistics } from "@/api/batch-statistics";
import type { BatchStatistics } from "@/api/types";
import { Loaded } from "@/components/states";
import { count, DASH, percent } from "@/lib/numbers";

const EVERY_MS = 5_000;
const CALM_MS = 30_000;
/** Every use is in one of these; together they are all uses. */
export const STATES = ["redeemed", "locked", "available", "expired", "void", "over_total"] as const;

export const useBatchStatistics = (id: string, calm = false) =>
  useQuery({ queryKey: ["coupon-batches", "statistics", id], queryFn: ({ signal }) => batchStatistics(id, signal), refetchInterval: calm ? CALM_MS : EVERY_MS, staleTime: calm ? CALM_MS : 0 });

/** One number of a batch in a list; the cells of a row share one question. */
export function BatchFigure({ id, name }: { id: string; name: keyof BatchStatistics }) {
  const { t } = useTranslation();
  const statistics = useBatchStatistics(id, true);
  if (statistics.data) return <>{count(Number(statistics.data[name]))}</>;
  return statistics.error ? <span title={t("coupons.unknownNow")}>{DASH}</span> : <i className="pending" />;
}

/** What became of a batch's uses, as one bar and in numbers that add up. */
export function BatchStates({ id, personal }: { id: string; personal: boolean }) {
  const { t } = useTranslation();
  const statistics = useBatchStatistics(id);
  return (
    <section className="card">
      <Loaded query={statistics} lines={3}>
        {(data) => (
          <>
            <h2>{t("coupons.usesOf", { codes: count(data.codes), uses: count(data.uses) })}</h2>
            <span className="states-bar" role="img" aria-label={STATES.map((state) => `${t(`coupons.states.${state}`)} ${count(data[state])}`).join(" · ")}>
              {STATES.map((state) => (data[state] > 0 ? <i key={state} className={state} style={{ flexGrow: data[state] }} /> : null))}
            </span>
            <dl className="facts states-facts">
              {STATES.map((state) => (
                <div key={state}>
                  <dt className={state} title={t(`coupons.stateHelp.${state}`)}>
                    {t(`coupons.states.${state}`)}
                  </dt>
                  <dd data-testid={`state-${state}`}>{count(data[state])}</dd>
                </div>
              ))}
              {personal && (
                <div>
                  <dt title={t("coupons.stateHelp.issued")}>{t("coupons.states.issued")}</dt>
                  <dd>{count(data.issued)}</dd>
                </div>
              )}
            </dl>
            <p className="note">{t("coupons.redeemedShare", { share: percent(data.uses ? data.redeemed / data.uses : null) })}</p>
          </>
        )}
      </Loaded>
    </section>
  );
}
