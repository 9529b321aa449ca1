import { useTranslation } from "react-i18next";
import type { Cockpit } from "@/api/types";
import { count } from "@/lib/numbers";

/** Why requests got a no, the most frequent first. */
export function Refusals({ cockpit: { refusals } }: { cockpit: Cockpit }) {
  const { t } = useTranslation();
  const total = refusals.reduce((sum, one) => sum + one.count, 0);
  return (
    <section className="card third">
      <h2>{total ? t("flash.refusedTotal", { count: count(total) }) : t("flash.refused")}</h2>
      {total === 0 ? (
        <p className="note">{t("flash.noRefusals")}</p>
      ) : (
        <ul className="reasons">
          {refusals.map((one) => (
            <li key={one.reason}>
              <span>{t(`flash.reasons.${one.reason}`, { defaultValue: one.reason })}</span>
              <span title={t("flash.lately", { count: one.lately })}>{count(one.count)}</span>
              <span className="bar" aria-hidden="true">
                <i style={{ width: `${(one.count / total) * 100}%` }} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
