import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { queryFigures } from "@/api/figures";
import { type CampaignPacing, usePacing } from "@/api/pacing-get";
import { Chart } from "@/components/chart/Chart";
import type { Drawing } from "@/components/chart/option";
import { Loaded } from "@/components/states";
import { type Column, Table } from "@/components/Table";
import { nowMs } from "@/lib/clock";
import { count, money, percent, tick } from "@/lib/numbers";
import { usePreferences } from "@/lib/preferences";
import { DAY_MS, minuteText, parseDay, parseInstant, rfc3339, shopZone } from "@/lib/time";
import { cumulated, HOURS } from "./cumulated";

const MILLION = 1_000_000;
const EVERY_MS = 10_000;

/** The day's budget as it burns, live: plan and spend, what is left, what the strategy sets and has learned. */
export function BurnDown({ id }: { id: string }) {
  const pacing = usePacing(id);
  return (
    <Loaded query={pacing} lines={6}>
      {(day) => (
        <>
          {day.plan.length > 0 ? <Course day={day} id={id} /> : <Unplanned day={day} id={id} />}
          <Figures day={day} />
          {day.multipliers.length > 1 && <Bids day={day} id={id} />}
          {day.guarantee.length > 0 && <Guarantee day={day} />}
        </>
      )}
    </Loaded>
  );
}

const clock = (at: string | null) => minuteText(parseInstant(at) ?? 0);

/** What was spent, how much of the day's budget that is, and whether it will last. */
function useTitle({ spent_minor, budget_minor, currency, runs_out_at }: CampaignPacing): string {
  const { t } = useTranslation();
  const spent = t("burn.title", { spent: money(spent_minor, currency), share: percent(budget_minor ? spent_minor / budget_minor : null) });
  return `${spent} ${runs_out_at ? t("burn.runsOut", { time: clock(runs_out_at) }) : t("burn.lasts")}`;
}

/** Along the plan of the day. */
function Course({ day, id }: { day: CampaignPacing; id: string }) {
  const { t } = useTranslation();
  const { language } = usePreferences();
  const { plan, currency } = day;
  const drawing = useMemo<Drawing>(
    () => ({
      kind: "line",
      labels: plan.map(({ until }) => clock(until)),
      series: [
        { name: t("burn.spent"), values: plan.map(({ spent_minor }) => spent_minor) },
        { name: t("burn.plan"), values: plan.map(({ planned_minor }) => planned_minor), dashed: true },
      ],
      format: (value) => money(value, currency),
      formatShort: (value) => tick(value, "minor", currency, language),
    }),
    [plan, currency, language, t],
  );
  return <Chart title={useTitle(day)} name={`burn-${id}`} axis={t("burn.time")} drawing={drawing} />;
}

/** As fast as it can: there is no plan, so each hour's spend stands against the budget. */
function Unplanned({ day, id }: { day: CampaignPacing; id: string }) {
  const { t } = useTranslation();
  const { language } = usePreferences();
  const { currency, budget_minor } = day;
  const from = parseDay(day.day) ?? 0;
  const hours = useQuery({
    queryKey: ["burn", id, currency, day.day],
    queryFn: ({ signal }) => queryFigures({ metrics: ["cost"], filters: { campaign: [id] }, granularity: "hour", from: rfc3339(from), to: rfc3339(from + DAY_MS), timezone: shopZone(), currency }, signal),
    refetchInterval: EVERY_MS,
  });
  const spent = cumulated(hours.data?.rows ?? [], from, nowMs());
  const drawing: Drawing = {
    kind: "line",
    labels: Array.from({ length: HOURS }, (_, hour) => `${String(hour + 1).padStart(2, "0")}:00`),
    series: [
      { name: t("burn.spent"), values: spent },
      { name: t("burn.budget"), values: spent.map(() => budget_minor), dashed: true },
    ],
    format: (value) => money(value, currency),
    formatShort: (value) => tick(value, "minor", currency, language),
  };
  return <Chart title={useTitle(day)} name={`burn-${id}`} axis={t("burn.time")} drawing={drawing} />;
}

function Figures({ day }: { day: CampaignPacing }) {
  const { t } = useTranslation();
  const { learning, currency, strategy } = day;
  const say = (minor: number) => money(minor, currency);
  const facts: [string, string][] = [
    ["budget", say(day.budget_minor)],
    ["spent", say(day.spent_minor)],
    ["leased", say(day.leased_minor)],
    ["left", say(day.left_minor)],
    ["expected", say(day.expected_minor)],
    ["strategy", `${t(`ads.strategies.${strategy.kind ?? "manual"}`)} · ${t(`ads.paces.${strategy.pacing ?? "asap"}`)}`],
  ];
  return (
    <section className="card" data-testid="burn">
      <dl className="facts">
        {facts.map(([name, words]) => (
          <div key={name}>
            <dt title={t(`burn.help.${name}`)}>{t(`burn.${name}`)}</dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
      {strategy.kind !== "manual" && (
        <p className={learning.state === "limited" ? "notice warn" : "notice"}>
          {t(`burn.learning.${learning.state}`, { counted: count(learning.counted), needed: count(learning.needed), wanted: t(`ads.strategies.wanted.${learning.wanted}`) })}
          {learning.state !== "limited" && learning.limited_by.length > 0 && t("burn.held")}
          {learning.limited_by.map((one) => t(`burn.limitedBy.${one}`)).join(t("targeting.list"))}
        </p>
      )}
    </section>
  );
}

function Bids({ day, id }: { day: CampaignPacing; id: string }) {
  const { t } = useTranslation();
  const { language } = usePreferences();
  const { multipliers, currency } = day;
  const drawing = useMemo<Drawing>(
    () => ({
      kind: "line",
      labels: multipliers.map(({ at }) => clock(at)),
      series: [{ name: t("burn.bid"), values: multipliers.map(({ bid_minor }) => bid_minor) }],
      format: (value) => money(value, currency),
      formatShort: (value) => tick(value, "minor", currency, language),
    }),
    [multipliers, currency, language, t],
  );
  const last = multipliers.at(-1);
  return <Chart title={t("burn.bidTitle", { bid: money(last?.bid_minor, currency), share: percent((last?.probability_ppm ?? MILLION) / MILLION) })} name={`bids-${id}`} axis={t("burn.time")} drawing={drawing} />;
}

type Window = CampaignPacing["guarantee"][number];

/** The weeks of the cost guarantee, and what came back. */
function Guarantee({ day }: { day: CampaignPacing }) {
  const { t } = useTranslation();
  const say = (minor: number) => money(minor, day.currency);
  const columns: Column<Window>[] = [
    { id: "window", title: t("burn.weekOf"), value: (one) => one.window, cell: (one) => one.window },
    { id: "state", title: t("table.state"), value: (one) => one.state, cell: (one) => t(`burn.windows.${one.state}`) + (one.reason ? ` · ${t(`burn.notCovered.${one.reason}`)}` : "") },
    { id: "cost", title: t("burn.spent"), numeric: true, value: (one) => one.cost_minor, cell: (one) => say(one.cost_minor) },
    { id: "conversions", title: t("metrics.conversions"), numeric: true, value: (one) => one.conversions, cell: (one) => count(one.conversions) },
    { id: "target", title: t("ads.fields.strategy_target_minor"), numeric: true, value: (one) => one.target_minor, cell: (one) => say(one.target_minor) },
    { id: "credit", title: t("burn.credit"), numeric: true, value: (one) => one.credit_minor, cell: (one) => say(one.credit_minor) },
  ];
  return (
    <section className="stack">
      <h2>{t("burn.guarantee")}</h2>
      <Table name="guarantee" caption={t("burn.guarantee")} columns={columns} rows={day.guarantee} rowKey={(one) => one.window} />
    </section>
  );
}
