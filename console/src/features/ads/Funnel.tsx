import { useTranslation } from "react-i18next";
import { type Figure, numeric } from "@/api/figures";
import { count } from "@/lib/numbers";
import "./ads.css";

/** The way from an ad that was seen to an order. */
export function Funnel({ figure }: { figure: Figure | undefined }) {
  const { t } = useTranslation();
  const counts = ["impressions", "clicks", "conversions"].map((name): [string, number] => [name, numeric(figure, name) ?? 0]);
  const most = Math.max(1, ...counts.map(([, value]) => value));
  return (
    <section className="card">
      <h2>{t("ads.funnel")}</h2>
      <ul className="funnel">
        {counts.map(([name, value]) => (
          <li key={name}>
            <span>{t(`metrics.${name}`)}</span>
            <span className="bar">
              <i style={{ width: `${(value / most) * 100}%` }} />
            </span>
            <span className="num">{count(value)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
