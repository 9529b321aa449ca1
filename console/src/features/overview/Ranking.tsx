import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import { useAllDocuments, useNames } from "@/api/documents/all";
import { type Figure, numeric } from "@/api/figures";
import { useFigures } from "@/api/figures-hook";
import { Go } from "@/components/Go";
import { Empty, Loaded } from "@/components/states";
import { exact, short, unitOf } from "@/lib/numbers";
import { nowMs } from "@/lib/clock";
import { spanOf } from "@/lib/period";
import { usePreferences } from "@/lib/preferences";
import { DAY_MS } from "@/lib/time";
import { usePeriod } from "@/lib/usePeriod";

interface Props {
  of: "campaign" | "promotion";
  kind: "campaigns" | "promotions";
  metrics: string[];
  base: string;
}

const SHOWN = 6;

/** The campaigns by spend, or the promotions by what they give away, each with its budget's burn. */
export function Ranking({ of, kind, metrics, base }: Props) {
  const { t } = useTranslation();
  const figures = useFigures({ metrics, dimensions: [of] }, "now", 10_000);
  const names = useNames(kind);
  const first = metrics[0] ?? "";
  const rank = (rows: Figure[]) =>
    rows
      .filter((row) => row[of])
      .sort((a, b) => (numeric(b, first) ?? 0) - (numeric(a, first) ?? 0))
      .slice(0, SHOWN);
  return (
    <section className="card" aria-label={t(`overview.top.${of}`)}>
      <div className="card-head">
        <h2>{t(`overview.top.${of}`)}</h2>
        <Go to={base.slice(0, -1)}>{t("overview.all")}</Go>
      </div>
      <Loaded query={figures}>
        {(data) => {
          const rows = rank(data.rows);
          if (rows.length === 0) return <Empty action={<Go to={`${base}new`}>{t(`overview.create.${of}`)}</Go>}>{t(`overview.none.${of}`)}</Empty>;
          return <RankingTable rows={rows} of={of} metrics={metrics} names={names} base={base} />;
        }}
      </Loaded>
    </section>
  );
}

function RankingTable({ rows, of, metrics, names, base }: { rows: Figure[]; of: "campaign" | "promotion"; metrics: string[]; names: Map<string, string>; base: string }) {
  const { t } = useTranslation();
  const { currency } = useCurrency();
  const { language } = usePreferences();
  return (
    <table className="ranking">
      <thead>
        <tr>
          <th scope="col">{t(`overview.name.${of}`)}</th>
          {metrics.map((metric) => (
            <th key={metric} scope="col" className="num" title={t(`definitions.${metric}`)}>
              {t(`metrics.${metric}`)}
            </th>
          ))}
          {of === "campaign" && <th scope="col">{t("overview.burn")}</th>}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => {
          const id = String(row[of]);
          return (
            <tr key={id}>
              <td>
                <Go to={base + id}>
                  <span className="cut">{names.get(id) ?? id}</span>
                </Go>
              </td>
              {metrics.map((metric) => {
                const unit = unitOf(metric, UNITS[metric]);
                const value = numeric(row, metric);
                return (
                  <td key={metric} className="num" data-label={t(`metrics.${metric}`)} title={exact(value, unit, currency)}>
                    {short(value, unit, currency, language)}
                  </td>
                );
              })}
              {of === "campaign" && (
                <td data-label={t("overview.burn")}>
                  <Burn id={id} spent={numeric(row, "cost") ?? 0} />
                </td>
              )}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

const UNITS: Record<string, string> = { cost: "minor", revenue_attributed: "minor", discount: "minor", gmv: "minor", ctr: "ratio" };

/** How much of the budget of the period's days is gone. */
function Burn({ id, spent }: { id: string; spent: number }) {
  const { t } = useTranslation();
  const { period } = usePeriod();
  const list = useAllDocuments("campaigns");
  const budget = list.data?.find((item) => item.id === id)?.document.daily_budget_minor;
  if (!budget) return null;
  const span = spanOf(period, nowMs());
  const days = Math.max(1, Math.ceil((span.toMs - span.fromMs) / DAY_MS));
  const share = Math.min(1, spent / (budget * days));
  return (
    <span className="bar" role="img" aria-label={t("overview.burned", { share: Math.round(share * 100) })} title={t("overview.burned", { share: Math.round(share * 100) })}>
      <i className={share > 0.95 ? "bad" : share > 0.8 ? "warn" : ""} style={{ width: `${share * 100}%` }} />
    </span>
  );
}
