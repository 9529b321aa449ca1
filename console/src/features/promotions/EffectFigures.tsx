import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Effect } from "@/api/types";
import { Change } from "@/components/Change";
import { Share } from "@/components/Share";
import { count, DASH, money, percent } from "@/lib/numbers";
import { parseInstant } from "@/lib/time";
import { mostOf, PAYERS } from "./effect";
import { useNoted } from "./useNoted";

const DAY_MS = 86_400_000;

interface Props {
  effect: Effect;
  before: Effect | null;
}

/** The numbers of the period beside those of the compared one; the budget; who pays. */
export function EffectFigures({ effect, before }: Props) {
  const { t } = useTranslation();
  const noted = useNoted();
  const { figures, shown, currency } = effect;
  const { customers, margin } = figures;
  const part = (name: "orders" | "uses" | "discount_net" | "gmv" | "net") => ({ now: figures[name], before: before?.figures[name] ?? null });
  const extra = {
    orders: [figures.orders_returned ? t("effect.returned", { count: figures.orders_returned }) : "", figures.orders_without_sale ? t("effect.withoutSale", { count: figures.orders_without_sale }) : ""].filter(Boolean).join(" · "),
    margin: margin.amount === null ? [t("effect.ofKnown", { amount: money(margin.of_known, currency), share: percent(margin.known_share) }), noted(margin.note)].join(" · ") : percent(figures.net ? margin.amount / figures.net : null),
    customers: [`${t("effect.metric.new")} ${count(customers.new)} · ${t("effect.metric.returning")} ${count(customers.returning)}`, customers.unknown ? t("effect.unknownBuyers", { count: customers.unknown }) : ""].filter(Boolean).join(" · "),
  };
  return (
    <>
      <dl className="facts effect-facts">
        <Fact name="orders" value={count(figures.orders)} {...part("orders")} note={extra.orders} />
        <Fact name="discount_net" value={money(figures.discount_net, currency)} {...part("discount_net")} note={`${t("effect.metric.discount_rate")} ${percent(figures.listed ? figures.discount / figures.listed : null)}`} />
        <Fact name="gmv" value={money(figures.gmv, currency)} {...part("gmv")} />
        <Fact name="net" value={money(figures.net, currency)} {...part("net")} />
        <Fact name="margin" value={money(margin.amount, currency)} now={margin.amount} before={before?.figures.margin.amount ?? null} note={extra.margin} />
        <Fact name="customers" value={count(customers.all)} now={customers.all} before={before?.figures.customers.all ?? null} note={extra.customers} />
        <Fact name="rate" value={shown.rate === null ? DASH : percent(shown.rate)} now={shown.rate} before={before?.shown.rate ?? null} note={noted(shown.note) || (shown.customers === null ? "" : `${count(shown.used)} / ${count(shown.customers)}`)} />
      </dl>
      <div className="two even effect-money">
        <Budget effect={effect} />
        <Payers effect={effect} />
      </div>
    </>
  );
}

function Fact({ name, value, now, before, note }: { name: string; value: string; now: number | null; before: number | null; note?: ReactNode }) {
  const { t } = useTranslation();
  return (
    <div>
      <dt title={t(`effect.help.${name}`)}>{t(`effect.metric.${name}`)}</dt>
      <dd className="big" data-testid={`effect-${name}`}>
        {value}
      </dd>
      <Change now={now} before={before} />
      {note && <span className="note effect-note">{note}</span>}
    </div>
  );
}

function Budget({ effect }: { effect: Effect }) {
  const { t } = useTranslation();
  const { budget, currency } = effect;
  if (!budget) return <p className="note">{t("effect.budget.away")}</p>;
  const uses = budget.uses_total === null ? t("effect.budget.uses", { uses: count(budget.uses) }) : t("effect.budget.usesOf", { uses: count(budget.uses), total: count(budget.uses_total) });
  return (
    <div data-testid="effect-budget">
      {budget.total === null ? <p>{t("effect.budget.unbounded", { spent: money(budget.spent, currency) })}</p> : <Share words={t("effect.budget.title", { share: percent(budget.share) })} share={budget.share ?? 0} />}
      <p className="note">{[budget.total === null ? "" : t("effect.budget.left", { left: money(budget.left, currency), reserved: money(budget.reserved, currency) }), uses, endWords(t, effect)].filter(Boolean).join(" · ")}</p>
    </div>
  );
}

/** When the budget ends at the pace of the period. */
function endWords(t: (key: string, vars?: Record<string, unknown>) => string, { budget, figures, from, to }: Effect): string {
  const [begun, ended] = [parseInstant(from), parseInstant(to)];
  if (begun === null || ended === null || ended <= begun || !budget || budget.left === null || budget.left <= 0 || figures.discount_net <= 0) return "";
  return t("effect.budget.end", { days: count(Math.max(1, Math.round((budget.left * (ended - begun)) / figures.discount_net / DAY_MS))) });
}

function Payers({ effect }: { effect: Effect }) {
  const { t } = useTranslation();
  const { funding } = effect.figures;
  const most = mostOf(funding);
  const total = PAYERS.reduce((sum, payer) => sum + funding[payer], 0);
  if (!most) return <p className="note">{t("effect.payers.none")}</p>;
  return (
    <table className="effect-payers" data-testid="effect-payers">
      <caption>{t("effect.payers.title", { most: t(`promotion.choices.payer.${most.payer}`), share: percent(most.share) })}</caption>
      <thead>
        <tr>
          <th scope="col">{t("effect.payers.payer")}</th>
          <th scope="col" className="num">{t("effect.payers.amount")}</th>
          <th scope="col" className="num">{t("effect.payers.share")}</th>
        </tr>
      </thead>
      <tbody>
        {PAYERS.map((payer) => (
          <tr key={payer}>
            <td data-label={t("effect.payers.payer")}>{t(`promotion.choices.payer.${payer}`)}</td>
            <td className="num" data-label={t("effect.payers.amount")}>{money(funding[payer], effect.currency)}</td>
            <td className="num" data-label={t("effect.payers.share")}>{percent(funding[payer] / total)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
