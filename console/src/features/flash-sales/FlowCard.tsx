import { useTranslation } from "react-i18next";
import type { Cockpit } from "@/api/types";
import { count } from "@/lib/numbers";

/** What became of the pieces that were reserved since the session began. */
export function FlowCard({ cockpit: { flow, state } }: { cockpit: Cockpit }) {
  const { t } = useTranslation();
  const parts = [
    ["sold", flow.sold],
    ["open", state.reserved],
    ["released", flow.released],
    ["expired", flow.expired],
  ] as const;
  return (
    <section className="card third">
      <h2>{t("flash.flow", { reserved: count(flow.reserved) })}</h2>
      <ul className="flow">
        {parts.map(([name, value]) => (
          <li key={name}>
            <span>{t(`flash.flows.${name}`)}</span>
            <span data-testid={`flow-${name}`}>{count(value)}</span>
          </li>
        ))}
        <li>
          <span className="part">{t("flash.flows.returned")}</span>
          <span>{count(flow.returned)}</span>
        </li>
      </ul>
      <p className="note">{t("flash.flowNote")}</p>
    </section>
  );
}
