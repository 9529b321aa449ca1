import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { type Estimate, type Forecast as Answer, forecastCampaign } from "@/api/forecast";
import type { CampaignDocument } from "@/api/types";
import { Chart } from "@/components/chart/Chart";
import type { Drawing } from "@/components/chart/option";
import { Failure, Waiting } from "@/components/states";
import { compact, count, money, percent, tick } from "@/lib/numbers";
import { usePreferences } from "@/lib/preferences";
import { useSettled } from "@/lib/useSettled";
import { draftOf } from "./document";

const SETTLES_MS = 500;

/** What the draft would bring in a week, with its interval, and what other bids would. */
export function Forecast({ value, id }: { value: CampaignDocument; id?: string }) {
  const { t } = useTranslation();
  const asked = useSettled(draftOf(value), SETTLES_MS);
  const forecast = useQuery({
    queryKey: ["forecast", asked, id],
    queryFn: ({ signal }) => forecastCampaign(asked as NonNullable<typeof asked>, id, signal),
    enabled: asked !== null,
    placeholderData: keepPreviousData,
    retry: false,
    staleTime: 60_000,
  });
  return (
    <aside className="card stack" aria-label={t("adForecast.title")} aria-live="polite" aria-busy={forecast.isFetching}>
      <h2>{t("adForecast.title")}</h2>
      {!asked && <p className="note">{t("adForecast.fillIn")}</p>}
      {asked && forecast.error && <Failure error={forecast.error} retry={() => void forecast.refetch()} />}
      {asked && !forecast.data && !forecast.error && <Waiting lines={3} />}
      {asked && forecast.data && <Shown forecast={forecast.data} value={value} />}
    </aside>
  );
}

function Shown({ forecast, value }: { forecast: Answer; value: CampaignDocument }) {
  const { t } = useTranslation();
  const { sample } = forecast;
  const say = (minor: number) => money(Math.round(minor), value.currency);
  if (sample.opportunities === 0) return <p className="note">{t("adForecast.noPast", { clicks: count(Math.floor(value.daily_budget_minor / Math.max(1, value.bid_minor))) })}</p>;
  const rows: [string, Estimate, (one: number) => string][] = [
    ["impressions", forecast.impressions, (one) => count(Math.round(one))],
    ["clicks", forecast.clicks, (one) => count(Math.round(one))],
    ["cost", forecast.cost_minor, say],
    ["conversions", forecast.conversions, (one) => count(Math.round(one * 10) / 10)],
  ];
  return (
    <>
      <dl className="facts" data-testid="forecast">
        {rows.map(([name, estimate, words]) => (
          <div key={name}>
            <dt>{t(`adForecast.${name}`)}</dt>
            <dd>
              <strong>{words(estimate.expected)}</strong>
              <br />
              <span className="note">{t("adForecast.between", { low: words(estimate.low), high: words(estimate.high) })}</span>
            </dd>
          </div>
        ))}
      </dl>
      <p className="note">
        {t("adForecast.week", { confidence: percent(forecast.confidence), wins: percent(forecast.win_rate) })}
        {forecast.average_price_minor !== null && ` ${t("adForecast.price", { price: say(forecast.average_price_minor) })}`}
        {forecast.exhausted > 0 && ` ${t("adForecast.exhausted", { share: percent(forecast.exhausted) })}`}
      </p>
      <ByBid forecast={forecast} currency={value.currency} />
      <p className="note">{sample.days > 0 ? t("adForecast.sample", { people: count(sample.people), days: sample.days }) : t("adForecast.sampleToday", { people: count(sample.people) })}</p>
      {forecast.assumed.length > 0 && <p className="notice warn">{t("adForecast.assumed", { fields: forecast.assumed.map((one) => one.field).join(t("targeting.list")) })}</p>}
    </>
  );
}

/** Clicks by bid: the middle and the bounds. */
function ByBid({ forecast, currency }: { forecast: Answer; currency: string }) {
  const { t } = useTranslation();
  const { language } = usePreferences();
  const drawing = useMemo<Drawing>(() => {
    const points = forecast.by_bid;
    const line = (name: "expected" | "low" | "high") => points.map(({ clicks }) => Math.round(clicks[name]));
    return {
      kind: "line",
      labels: points.map(({ bid_minor }) => tick(bid_minor, "minor", currency, language)),
      series: [
        { name: t("adForecast.clicks"), values: line("expected") },
        { name: t("adForecast.low"), values: line("low"), dashed: true },
        { name: t("adForecast.high"), values: line("high"), dashed: true },
      ],
      format: count,
      formatShort: (one) => compact(one, language),
      stepMin: 1,
    };
  }, [forecast, currency, language, t]);
  const most = Math.round(forecast.by_bid.at(-1)?.clicks.expected ?? 0);
  const best = forecast.by_bid.find(({ clicks }) => Math.round(clicks.expected) >= most);
  if (!best || drawing.labels.length < 2) return null;
  const now = Math.round(forecast.clicks.expected);
  const words = now >= most ? "adForecast.enough" : "adForecast.byBid";
  return <Chart title={t(words, { bid: money(best.bid_minor, currency), now: count(now), clicks: count(most) })} name="forecast-by-bid" axis={t("ads.fields.bid_minor")} drawing={drawing} />;
}
