import { useTranslation } from "react-i18next";
import type { Effect } from "@/api/types";
import { Intervals } from "@/components/chart/Intervals";
import type { IntervalRow } from "@/components/chart/reach";
import { count, DASH, money, percent } from "@/lib/numbers";
import { type Comparison, type Interval, rangeWords, signed, valueOf } from "./effect";
import { useNoted } from "./useNoted";

/** What it added, against the customers who were held back. */
export function EffectLift({ effect }: { effect: Effect }) {
  const { t } = useTranslation();
  const { lift, currency } = effect;
  const rows = lift.comparisons.flatMap((one) => rowOf(t, one));
  const said = lift.comparisons.filter((one) => one.verdict === "higher" || one.verdict === "lower").map((one) => `${t(`effect.lift.metric.${one.metric}`)} ${t(`effect.lift.verdict.${one.verdict}`)}`);
  const header = ["interval", "treated", "holdback", "change", "verdictName", "moreCustomers"].map((name) => t(`effect.lift.${name}`));
  const cells = lift.comparisons.map((one) => [t(`effect.lift.metric.${one.metric}`), valueOf(one, one.treated, currency), valueOf(one, one.holdback, currency), one.difference ? `${valueOf(one, one.difference.value, currency)} (${rangeWords(t, one.difference, (value) => valueOf(one, value, currency))})` : DASH, t(`effect.lift.verdict.${one.verdict}`), count(one.more_customers)]);
  return (
    <>
      {rows.length > 0 && <Intervals title={t("effect.lift.title", { words: said.join(t("promotion.words.comma")) || t("effect.lift.verdict.unclear") })} name="lift" rows={rows} format={signed} table={{ header, rows: cells }} />}
      {lift.arms.length > 0 && (
        <div className="two even">
          <Sides effect={effect} />
          <Added effect={effect} />
        </div>
      )}
    </>
  );
}

/** A band of relative change; where that cannot be said there is none. */
function rowOf(t: (key: string, vars?: Record<string, unknown>) => string, one: Comparison): IntervalRow[] {
  const { relative } = one;
  if (!relative) return [];
  return [{ name: t(`effect.lift.metric.${one.metric}`), value: relative.value, low: relative.low ?? null, high: relative.high ?? null, words: `${signed(relative.value)} (${rangeWords(t, relative, signed)})` }];
}

function Sides({ effect }: { effect: Effect }) {
  const { t } = useTranslation();
  const noted = useNoted();
  const { lift, currency } = effect;
  const { ratio } = lift;
  const of = (side: "treated" | "holdback") => lift.arms.find((arm) => arm.arm === side);
  const check = ratio.agrees === null ? noted(ratio.note) : t(ratio.agrees ? "effect.sides.agrees" : "effect.sides.disagrees", { found: percent(ratio.found), expected: percent(ratio.expected), p: ratio.p_value?.toPrecision(2) ?? DASH });
  const columns = ["customers", "buyers", "orders", "revenue", "margin"] as const;
  return (
    <section className="card" data-testid="effect-sides">
      <h2>{t("effect.sides.title", { treated: count(of("treated")?.customers ?? 0), holdback: count(of("holdback")?.customers ?? 0) })}</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("effect.sides.arm")}</th>
            {columns.map((name) => (
              <th key={name} scope="col" className="num">
                {t(`effect.sides.${name}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lift.arms.map((arm) => (
            <tr key={arm.arm}>
              <td data-label={t("effect.sides.arm")}>{t(`effect.sides.${arm.arm}`)}</td>
              {columns.map((name) => (
                <td key={name} className="num" data-label={t(`effect.sides.${name}`)}>
                  {name === "revenue" || name === "margin" ? money(arm[name], currency) : count(arm[name])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <p className={ratio.agrees === false ? "notice warn" : "note"}>{check}</p>
      {lift.crossed > 0 && <p className="note">{t("effect.sides.crossed", { count: lift.crossed })}</p>}
    </section>
  );
}

function Added({ effect }: { effect: Effect }) {
  const { t } = useTranslation();
  const noted = useNoted();
  const { incremental, cannibalised } = effect.lift;
  const { currency } = effect;
  const cents = (value: number) => money(Math.round(value), currency);
  const pieces = (value: number) => count(Math.round(value));
  const parts: [string, Interval | null | undefined, (value: number) => string][] = [
    ["orders", incremental?.orders, pieces],
    ["revenue", incremental?.revenue, cents],
    ["margin", incremental?.margin, cents],
  ];
  return (
    <section className="card" data-testid="effect-added">
      <h2>{incremental?.orders && incremental.revenue ? t("effect.added.title", { orders: pieces(incremental.orders.value), revenue: cents(incremental.revenue.value) }) : t("effect.added.unknown")}</h2>
      <dl className="facts">
        {parts.flatMap(([name, interval, format]) =>
          interval
            ? [
                <div key={name}>
                  <dt>{t(`effect.added.${name}`)}</dt>
                  <dd>{format(interval.value)}</dd>
                  <span className="note">{rangeWords(t, interval, format)}</span>
                </div>,
              ]
            : [],
        )}
      </dl>
      <p className="note">{typeof incremental?.cost_per_order === "number" ? t("effect.added.cost", { cost: cents(incremental.cost_per_order) }) : noted(incremental?.note ?? effect.lift.note)}</p>
      <h3>{eatenWords(t, cannibalised, cents)}</h3>
      <p className="note">
        {noted(cannibalised.note)}
        {typeof cannibalised.treated === "number" && typeof cannibalised.holdback === "number" && ` · ${t("effect.eaten.perCustomer", { treated: cents(cannibalised.treated), holdback: cents(cannibalised.holdback) })}`}
        {` · ${cannibalised.skus_in_scope === null ? t("effect.eaten.all") : t("effect.eaten.scope", { count: cannibalised.skus_in_scope })}`}
      </p>
    </section>
  );
}

/** Whether it took the place of sales at full price: said only where the interval leaves nothing out. */
function eatenWords(t: (key: string, vars?: Record<string, unknown>) => string, { displaced, share }: Effect["lift"]["cannibalised"], cents: (value: number) => string): string {
  if (!displaced) return t("effect.eaten.unknown");
  const clear = typeof displaced.low === "number" && displaced.low > 0;
  if (clear && share) return t("effect.eaten.measured", { share: percent(share.value), amount: cents(displaced.value) });
  return t("effect.eaten.unclear", { range: rangeWords(t, displaced, cents) });
}
