import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import { numeric } from "@/api/figures";
import { useFigures } from "@/api/figures-hook";
import { Change } from "@/components/Change";
import { Loaded } from "@/components/states";
import { Watermark } from "@/components/Watermark";
import { exact, unitOf } from "@/lib/numbers";

const METRICS = ["orders", "gmv", "discount", "discount_rate"];
const UNITS: Record<string, string> = { gmv: "minor", discount: "minor", discount_rate: "ratio" };

/** What the promotion brought in the period, against the comparison. */
export function Results({ id }: { id: string }) {
  const { t } = useTranslation();
  const { currency } = useCurrency();
  const ask = { metrics: METRICS, filters: { promotion: [id] } };
  const now = useFigures(ask, "now", 5000);
  const before = useFigures(ask, "before");
  return (
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
  );
}
