import { useTranslation } from "react-i18next";
import { useEffects } from "@/api/effect-hook";
import type { EffectRow, Effects as AllEffects } from "@/api/types";
import { Choice } from "@/components/Choice";
import { Change } from "@/components/Change";
import { Chart } from "@/components/chart/Chart";
import { Go } from "@/components/Go";
import { Page } from "@/components/Page";
import { StateTag } from "@/components/StateTag";
import { Empty, Loaded } from "@/components/states";
import { type Column, Table } from "@/components/Table";
import { usePromotionTabs } from "@/lib/usePromotionTabs";
import { Watermark } from "@/components/Watermark";
import { count, DASH, money, percent, stepMin, tick } from "@/lib/numbers";
import { usePreferences } from "@/lib/preferences";
import { useAddress, useParameter } from "@/lib/url";
import { mostOf, PAYERS } from "./effect";
import "./effect.css";

const TOP = 10;

/** All promotions beside one another: what each cost, sold and brought in the period. */
export function Effects() {
  const { t } = useTranslation();
  const tabs = usePromotionTabs();
  const now = useEffects("now");
  const before = useEffects("before");
  return (
    <Page title={t("stages.promotions")} name={t("effect.title")} tabs={tabs} tab="effects" status={now.data && <Watermark at={now.data.watermark} />}>
      <Loaded query={{ ...now, data: now.data ?? undefined }} lines={8}>
        {(effects) => <Told effects={effects} before={before.data ?? null} />}
      </Loaded>
    </Page>
  );
}

const nameOf = ({ promotion }: EffectRow) => promotion.name ?? promotion.id;

function Told({ effects, before }: { effects: AllEffects; before: AllEffects | null }) {
  const { t } = useTranslation();
  const columns = useColumns(effects.currency, before);
  const [shown, setShown] = useParameter("show", "used");
  const used = effects.rows.filter((row) => row.figures.uses > 0 || row.figures.orders > 0 || (row.shown.customers ?? 0) > 0);
  const tools = <Choice label={t("effect.all.show.name")} value={shown} onChange={setShown} options={["used", "all"].map((value) => ({ value, label: t(`effect.all.show.${value}`, { count: value === "all" ? effects.rows.length : used.length }) }))} />;
  if (used.length === 0 && shown === "used") {
    return (
      <section className="card">
        <Empty action={<Longer />}>{t("effect.noneAt")}</Empty>
      </section>
    );
  }
  return (
    <div className="stack effect" data-testid="effects">
      <Sum effects={effects} before={before} />
      <Top effects={effects} />
      <Table name="effects" caption={t("effect.title")} columns={columns} rows={shown === "all" ? effects.rows : used} tools={tools} rowKey={(row) => row.promotion.id} empty={<Empty>{t("effect.noneAt")}</Empty>} />
    </div>
  );
}

/** The same page over the last thirty days, where the chosen time is shorter. */
function Longer() {
  const { t } = useTranslation();
  return useAddress().period === "30d" ? null : (
    <Go to="/promotions/effects" extra={{ period: "30d" }}>
      {t("effect.longer")}
    </Go>
  );
}

const given = (effects: AllEffects) => effects.rows.reduce((sum, row) => sum + row.figures.discount_net, 0);

function Sum({ effects, before }: { effects: AllEffects; before: AllEffects | null }) {
  const { t } = useTranslation();
  const { currency } = effects;
  const sum = (payer: (typeof PAYERS)[number]) => effects.rows.reduce((total, row) => total + row.figures.funding[payer], 0);
  const funding = { platform: sum("platform"), shop: sum("shop"), brand: sum("brand") };
  const most = mostOf(funding);
  return (
    <section className="card">
      <h2 data-testid="effects-answer">
        {t("effect.all.answer", { count: effects.rows.filter((row) => row.figures.uses > 0).length, discount: money(given(effects), currency), most: t(`promotion.choices.payer.${most?.payer ?? "platform"}`), share: percent(most?.share ?? null) })}
      </h2>
      <p className="note">
        {before && t("effect.all.compare", { discount: money(given(before), currency) })} <Change now={given(effects)} before={before ? given(before) : null} />
      </p>
      <dl className="facts">
        {PAYERS.map((payer) => (
          <div key={payer}>
            <dt>{t(`promotion.choices.payer.${payer}`)}</dt>
            <dd>{money(funding[payer], currency)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Top({ effects }: { effects: AllEffects }) {
  const { t } = useTranslation();
  const { language } = usePreferences();
  const { currency } = effects;
  const total = given(effects);
  const top = [...effects.rows].sort((a, b) => b.figures.discount_net - a.figures.discount_net).slice(0, TOP).filter((row) => row.figures.discount_net > 0);
  const [first] = top;
  if (!first) return null;
  return (
    <Chart
      title={t("effect.all.top", { name: nameOf(first), share: percent(first.figures.discount_net / total) })}
      name="effects"
      axis={t("effect.all.name")}
      drawing={{
        kind: "bar",
        lying: true,
        labels: top.map(nameOf),
        series: [{ name: t("effect.metric.discount_net"), values: top.map((row) => row.figures.discount_net) }],
        format: (value) => money(value, currency),
        formatShort: (value) => tick(value, "minor", currency, language),
        stepMin: stepMin("minor", currency),
      }}
    />
  );
}

function useColumns(currency: string, before: AllEffects | null): Column<EffectRow>[] {
  const { t } = useTranslation();
  const earlier = new Map(before?.rows.map((row) => [row.promotion.id, row]));
  const amount = (name: "discount_net" | "gmv" | "net"): Column<EffectRow> => ({ id: name, title: t(`effect.metric.${name}`), help: t(`effect.help.${name}`), numeric: true, value: (row) => row.figures[name], cell: (row) => money(row.figures[name], currency) });
  return [
    { id: "name", title: t("effect.all.name"), value: nameOf, cell: (row) => <Go to={`/promotions/${row.promotion.id}`} extra={{ tab: "results" }} className="cut">{nameOf(row)}</Go> },
    { id: "state", title: t("effect.all.state"), value: (row) => row.promotion.state ?? null, cell: (row) => (row.promotion.state ? <StateTag state={row.promotion.state as never} /> : <span className="note">{t("effect.all.unknown")}</span>) },
    {
      id: "orders", title: t("effect.metric.orders"), help: t("effect.help.orders"), numeric: true, value: (row) => row.figures.orders,
      cell: (row) => <span>{count(row.figures.orders)} <Change now={row.figures.orders} before={earlier.get(row.promotion.id)?.figures.orders ?? null} /></span>,
    },
    amount("discount_net"),
    amount("gmv"),
    { ...amount("net"), optional: true },
    { id: "margin", title: t("effect.metric.margin"), help: t("effect.help.margin"), numeric: true, value: (row) => row.figures.margin.amount, cell: (row) => <span title={row.figures.margin.amount === null ? t("effect.ofKnown", { amount: money(row.figures.margin.of_known, currency), share: percent(row.figures.margin.known_share) }) : undefined}>{money(row.figures.margin.amount, currency)}</span> },
    { id: "customers", title: t("effect.metric.customers"), help: t("effect.help.customers"), numeric: true, value: (row) => row.figures.customers.all, cell: (row) => count(row.figures.customers.all) },
    { id: "new", title: t("effect.all.newShare"), numeric: true, value: (row) => newShare(row), cell: (row) => percent(newShare(row)) },
    { id: "rate", title: t("effect.metric.rate"), help: t("effect.help.rate"), numeric: true, value: (row) => row.shown.rate, cell: (row) => (row.shown.rate === null ? DASH : percent(row.shown.rate)) },
    { id: "budget", title: t("effect.all.budget"), numeric: true, value: (row) => row.budget?.share ?? null, cell: (row) => percent(row.budget?.share ?? null) },
    { id: "treated", title: t("effect.metric.treated"), help: t("effect.help.treated"), numeric: true, optional: true, value: (row) => row.treated, cell: (row) => count(row.treated) },
    { id: "holdback", title: t("effect.metric.holdback"), help: t("effect.help.holdback"), numeric: true, optional: true, value: (row) => row.holdback, cell: (row) => count(row.holdback) },
  ];
}

const newShare = ({ figures: { customers } }: EffectRow) => (customers.all ? customers.new / customers.all : null);
