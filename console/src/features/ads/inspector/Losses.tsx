import { useTranslation } from "react-i18next";
import type { Why } from "@/api/types";
import { count } from "@/lib/numbers";
import { reasonWords } from "./names";
import "@/features/ads/ads.css";

/** From all campaigns of the placement to the winner: where how many were lost, each by its reason. */
export function Losses({ why }: { why: Why }) {
  const { t } = useTranslation();
  const all = why.candidates.length + why.not_listed;
  const reasons = new Map<string, number>();
  for (const one of why.candidates) if (one.outcome === "filtered") reasons.set(one.reason, (reasons.get(one.reason) ?? 0) + 1);
  const lost = [...reasons].sort((a, b) => b[1] - a[1]).map(([reason, many]): [string, number] => [reasonWords(t, reason), many]);
  const bidders = why.candidates.filter((one) => one.outcome !== "filtered").length;
  const rows: [string, number][] = [[t("inspector.steps.all"), all], ...lost, [t("inspector.steps.bid"), bidders], [t("inspector.steps.won"), why.candidates.filter((one) => one.outcome === "won").length]];
  return (
    <section className="card" aria-label={t("inspector.losses")}>
      <h2>{t("inspector.losses")}</h2>
      <ul className="funnel">
        {rows.map(([words, many], at) => (
          <li key={words}>
            <span>{at > 0 && at <= lost.length ? `− ${words}` : words}</span>
            <span className="bar">
              <i className={at > 0 && at <= lost.length ? "warn" : undefined} style={{ width: `${(many / Math.max(1, all)) * 100}%` }} />
            </span>
            <span className="num">{count(many)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
