import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { getPointsFigures } from "@/api/points-figures";
import type { PointsFigures as Figures, PointsProgramme } from "@/api/types";
import { Choice } from "@/components/Choice";
import { Chart } from "@/components/chart/Chart";
import type { Drawing } from "@/components/chart/option";
import { Loaded } from "@/components/states";
import { compact, count, money, tick } from "@/lib/numbers";
import { usePreferences } from "@/lib/preferences";
import { useParameter } from "@/lib/url";
import { PointsCustomer } from "./PointsCustomer";
import { heldWords } from "./programme";

const DAYS = [7, 30, 90];
type Holds = PointsProgramme["document"]["holds"];

/** A programme: what the shop owes, what moved by day, the tiers, and one customer's account. */
export function PointsFigures({ programme }: { programme: PointsProgramme }) {
  const { holds } = programme.document;
  const [said, setDays] = useParameter("days", "30");
  const days = DAYS.includes(Number(said)) ? Number(said) : 30;
  const figures = useQuery({
    queryKey: ["points", "figures", programme.id, days],
    queryFn: ({ signal }) => getPointsFigures(programme.id, days, signal),
    placeholderData: (previous) => previous,
    refetchInterval: 30_000,
  });
  return (
    <div className="stack">
      <Loaded query={figures}>
        {(shown) => (
          <>
            <Summary figures={shown} holds={holds} />
            <Course figures={shown} holds={holds} days={days} setDays={(next) => setDays(String(next))} />
          </>
        )}
      </Loaded>
      {programme.state === "live" && <PointsCustomer programme={programme} />}
    </div>
  );
}

function Summary({ figures, holds }: { figures: Figures; holds: Holds }) {
  const { t } = useTranslation();
  const facts: [string, string][] = [
    [t(holds === "money" ? "points.outstandingMoney" : "points.outstanding"), heldWords(holds, figures.outstanding, figures.currency)],
    [t("points.pending"), heldWords(holds, figures.pending, figures.currency)],
    ...(holds === "money" ? [] : [[t("points.liability"), money(figures.liability_minor, figures.currency)] as [string, string]]),
    [t("points.accounts"), count(figures.accounts)],
  ];
  const tiers = figures.tiers.filter((tier) => tier.name !== null || figures.tiers.length > 1);
  return (
    <section className="card points-summary" data-testid="points-summary">
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
        {tiers.map((tier) => (
          <div key={tier.name ?? ""}>
            <dt>{tier.name ?? t("points.noTier")}</dt>
            <dd>{t("points.members", { count: tier.customers })}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

const MOVED = ["earned", "spent", "expired"] as const;

function Course({ figures, holds, days, setDays }: { figures: Figures; holds: Holds; days: number; setDays: (days: number) => void }) {
  const { t } = useTranslation();
  const { language } = usePreferences();
  const drawing = useMemo<Drawing>(
    () => ({
      kind: "bar",
      labels: figures.days.map((day) => day.day.slice(5)),
      // What never moved in this time takes no room between the bars.
      series: MOVED.filter((name) => name === "earned" || figures.days.some((day) => day[name])).map((name) => ({ name: t(`points.kinds.${name}`), values: figures.days.map((day) => day[name] ?? 0) })),
      format: (value) => heldWords(holds, value, figures.currency),
      formatShort: (value) => (holds === "money" ? tick(value, "minor", figures.currency, language) : compact(value, language)),
      stepMin: 1,
    }),
    [figures, holds, t, language],
  );
  const said = (name: (typeof MOVED)[number]) => heldWords(holds, sum(name), figures.currency);
  const sum = (name: (typeof MOVED)[number]) => figures.days.reduce((total, day) => total + (day[name] ?? 0), 0);
  const title = t("points.course", { days, earned: said("earned"), spent: said("spent"), expired: said("expired") });
  const tools = <Choice label={t("points.days")} value={String(days)} onChange={(value) => setDays(Number(value))} options={DAYS.map((value) => ({ value: String(value), label: t("points.lastDays", { count: value }) }))} />;
  return <Chart title={MOVED.some((name) => sum(name) > 0) ? title : t(holds === "money" ? "points.nothingMovedMoney" : "points.nothingMoved")} name="points" axis={t("points.day")} drawing={drawing} tools={tools} />;
}
