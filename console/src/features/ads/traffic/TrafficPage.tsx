import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import { numeric } from "@/api/figures";
import { useFigures } from "@/api/figures-hook";
import { useMayWrite } from "@/api/session-hook";
import { Change } from "@/components/Change";
import { Page } from "@/components/Page";
import { Loaded } from "@/components/states";
import { Watermark } from "@/components/Watermark";
import { useAdTabs } from "@/features/ads/useAdTabs";
import { exact, unitOf } from "@/lib/numbers";
import { ByReason } from "./ByReason";
import { ByWhom } from "./ByWhom";
import { Classify } from "./Classify";

const METRICS = ["invalid_clicks", "invalid_click_rate", "invalid_impressions", "invalid_conversions", "invalid_refunds"];
const UNITS: Record<string, string> = { invalid_click_rate: "ratio", invalid_refunds: "minor" };

/** Traffic that nobody pays for: how much, why, where, and what would be said of any caller. */
export function TrafficPage() {
  const { t } = useTranslation();
  const figures = useFigures({ metrics: METRICS });
  return (
    <Page title={t("stages.ads")} name={t("ads.tabs.traffic")} tabs={useAdTabs()} tab="traffic" status={figures.data && <Watermark at={figures.data.watermark} />}>
      <Totals figures={figures} />
      <ByReason />
      <ByWhom />
      {useMayWrite() && <Classify />}
    </Page>
  );
}

function Totals({ figures }: { figures: ReturnType<typeof useFigures> }) {
  const { t } = useTranslation();
  const { currency } = useCurrency();
  const before = useFigures({ metrics: METRICS }, "before");
  return (
    <section className="card" aria-label={t("traffic.totals")}>
      <Loaded query={figures} lines={2}>
        {(data) => (
          <>
            <dl className="facts">
              {METRICS.map((name) => (
                <div key={name}>
                  <dt title={t(`traffic.definitions.${name}`)}>{t(`traffic.metrics.${name}`)}</dt>
                  <dd className="big">{exact(numeric(data.rows[0], name), unitOf(name, UNITS[name]), currency)}</dd>
                  <dd>
                    <Change now={numeric(data.rows[0], name)} before={numeric(before.data?.rows[0], name)} />
                  </dd>
                </div>
              ))}
            </dl>
            <p className="note">{t("traffic.help")}</p>
          </>
        )}
      </Loaded>
    </section>
  );
}
