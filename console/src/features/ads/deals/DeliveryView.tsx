import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { type DealDelivery, useDelivery } from "@/api/deal-delivery";
import { useNames } from "@/api/documents/all";
import type { DealDocument, Item } from "@/api/types";
import { Chart } from "@/components/chart/Chart";
import type { Drawing } from "@/components/chart/option";
import { Loaded } from "@/components/states";
import { Go } from "@/components/Go";
import { compact, count, DASH, money, percent } from "@/lib/numbers";
import { usePreferences } from "@/lib/preferences";
import { cost } from "./deal";

/** How a promise is kept: by day against the plan, and what it takes of the slots just now. */
export function DeliveryView({ deal }: { deal: Item<DealDocument> }) {
  const delivery = useDelivery(deal.id);
  return (
    <div className="stack">
      <Loaded query={delivery} lines={6}>
        {(shown) => (
          <>
            <ByDay delivery={shown} />
            <Facts delivery={shown} deal={deal.document} />
          </>
        )}
      </Loaded>
    </div>
  );
}

function ByDay({ delivery }: { delivery: DealDelivery }) {
  const { t } = useTranslation();
  const { language } = usePreferences();
  const { days, shown, impressions } = delivery;
  const drawing = useMemo<Drawing>(
    () => ({
      kind: "bar",
      labels: days.map(({ day }) => day.slice(5)),
      series: [
        { name: t("deals.planned"), values: days.map((one) => one.planned), dashed: true },
        { name: t("deals.served"), values: days.map((one) => one.served) },
        { name: t("deals.shown"), values: days.map((one) => one.shown) },
      ],
      format: count,
      formatShort: (value) => compact(value, language),
      stepMin: 1,
    }),
    [days, language, t],
  );
  return <Chart title={t("deals.title", { shown: count(shown), promised: count(impressions), share: percent(impressions ? shown / impressions : null) })} name={`deal-${delivery.deal_id}`} axis={t("deals.day")} drawing={drawing} />;
}

function Facts({ delivery, deal }: { delivery: DealDelivery; deal: DealDocument }) {
  const { t } = useTranslation();
  const places = useNames("placements");
  const campaigns = useNames("campaigns");
  const facts: [string, React.ReactNode][] = [
    ["campaign", deal.campaign ? <Go to={`/ads/${deal.campaign}`}>{campaigns.get(deal.campaign) ?? deal.campaign}</Go> : DASH],
    ["days", `${deal.from_day ?? ""} – ${deal.to_day ?? ""}`],
    ["promised", count(delivery.impressions)],
    ["soFar", count(delivery.planned_so_far)],
    ["shown", count(delivery.shown)],
    ["served", count(delivery.served)],
    ["cost", money(cost(deal), deal.currency)],
    ["left", count(delivery.supply_left)],
    ["eligible", percent(delivery.eligible)],
    ...Object.entries(delivery.shares).map(([place, share]): [string, React.ReactNode] => ["shareOf", `${places.get(place) ?? place} · ${percent(share)}`]),
  ];
  return (
    <section className="card" data-testid="delivery">
      <dl className="facts">
        {facts.map(([name, words], at) => (
          <div key={at}>
            <dt title={t(`deals.factHelp.${name}`)}>{t(`deals.facts.${name}`)}</dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
