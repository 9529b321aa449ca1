import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import { type Figure, numeric } from "@/api/figures";
import { useFigures } from "@/api/figures-hook";
import { exact, unitOf } from "@/lib/numbers";
import { Change } from "./Change";
import { Loaded } from "./states";
import { Watermark } from "./Watermark";

interface Props {
  metrics: string[];
  units: Record<string, string>;
  /** The dimension and the value that the results are of. */
  of: string;
  id: string;
  /** Metrics asked beside those shown, for `children`. */
  also?: string[];
  children?: (figure: Figure | undefined) => ReactNode;
}

/** What a document brought in the period, against the comparison. */
export function Results({ metrics, units, of, id, also = [], children }: Props) {
  const { t } = useTranslation();
  const { currency } = useCurrency();
  const ask = { metrics: [...metrics, ...also], filters: { [of]: [id] } };
  const now = useFigures(ask, "now", 5000);
  const before = useFigures(ask, "before");
  return (
    <Loaded query={now}>
      {(data) => (
        <div className={children ? "two" : undefined}>
          <section className="card">
            <dl className="facts">
              {metrics.map((name) => (
                <div key={name}>
                  <dt title={t(`definitions.${name}`)}>{t(`metrics.${name}`)}</dt>
                  <dd className="big">{exact(numeric(data.rows[0], name), unitOf(name, units[name]), currency)}</dd>
                  <dd>
                    <Change now={numeric(data.rows[0], name)} before={numeric(before.data?.rows[0], name)} />
                  </dd>
                </div>
              ))}
            </dl>
            <Watermark at={data.watermark} />
          </section>
          {children?.(data.rows[0])}
        </div>
      )}
    </Loaded>
  );
}
