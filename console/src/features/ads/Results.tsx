import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import { numeric } from "@/api/figures";
import { useFigures } from "@/api/figures-hook";
import { Change } from "@/components/Change";
import { Loaded } from "@/components/states";
import { Watermark } from "@/components/Watermark";
import { exact, unitOf } from "@/lib/numbers";
import { METRICS, UNITS } from "./metrics";
import "./ads.css";

/** What the campaign brought in the period: its numbers and the way from view to order. */
export function Results({ id }: { id: string }) {
  const { t } = useTranslation();
  const { currency } = useCurrency();
  const ask = { metrics: [...METRICS, "conversions"], filters: { campaign: [id] } };
  const now = useFigures(ask, "now", 5000);
  const before = useFigures(ask, "before");
  return (
    <div className="two">
      <section className="card">
        <Loaded query={now}>
          {(data) => (
            <>
              <dl className="facts">
                {METRICS.map((name) => (
                  <div key={name}>
                    <dt title={t(`definitions.${name}`)}>{t(`metrics.${name}`)}</dt>
                    <dd className="big">{exact(numeric(data.rows[0], name), unitOf(name, UNITS[name]), currency)}</dd>
                    <Change now={numeric(data.rows[0], name)} before={numeric(before.data?.rows[0], name)} />
                  </div>
                ))}
              </dl>
              <Watermark at={data.watermark} />
            </>
          )}
        </Loaded>
      </section>
      <section className="card">
        <h2>{t("ads.funnel")}</h2>
        <Loaded query={now}>{(data) => <Funnel counts={["impressions", "clicks", "conversions"].map((name) => [name, numeric(data.rows[0], name) ?? 0])} />}</Loaded>
      </section>
    </div>
  );
}

function Funnel({ counts }: { counts: [string, number][] }) {
  const { t } = useTranslation();
  const { currency } = useCurrency();
  const most = Math.max(1, ...counts.map(([, value]) => value));
  return (
    <ul className="funnel">
      {counts.map(([name, value]) => (
        <li key={name}>
          <span>{t(`metrics.${name}`)}</span>
          <span className="bar">
            <i style={{ width: `${(value / most) * 100}%` }} />
          </span>
          <span className="num">{exact(value, "count", currency)}</span>
        </li>
      ))}
    </ul>
  );
}
