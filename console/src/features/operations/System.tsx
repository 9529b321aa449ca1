import { useTranslation } from "react-i18next";
import { useSystem } from "@/api/system-get";
import type { SystemState } from "@/api/types";
import { Go } from "@/components/Go";
import { roleName } from "@/components/roleName";
import { StateTag } from "@/components/StateTag";
import { Loaded } from "@/components/states";
import { bytes, count } from "@/lib/numbers";
import { instantText, parseInstant } from "@/lib/time";
import "./operations.css";

/** Each role with its process and memory. */
export function System() {
  const { t } = useTranslation();
  const system = useSystem();
  return (
    <Loaded query={system}>
      {(state) => (
        <>
          <p className="notice">
            {t("operations.lag", { count: state.lag_events })} <Go to="/data/pipeline">{t("operations.toPipeline")}</Go> <Go to="/operations/metrics">{t("operations.toMetrics")}</Go>
          </p>
          <div className="roles">
            {state.roles.map((role) => (
              <Role key={role.name} role={role} />
            ))}
          </div>
          {state.ip_database !== "ready" && <p className="notice">{t(`operations.ipDatabase.${state.ip_database}`)}</p>}
          <p className="note">{t("operations.version", { version: state.version, memory: bytes(state.memory_bytes) })}</p>
        </>
      )}
    </Loaded>
  );
}

function Role({ role }: { role: SystemState["roles"][number] }) {
  const { t } = useTranslation();
  const facts: [string, string][] = [
    ["memory", bytes(role.memory_bytes)],
    ["pid", String(role.pid)],
    ["restarts", count(role.restarts)],
    ["since", instantText(parseInstant(role.started_at) ?? 0).slice(5)],
  ];
  return (
    <section className="card">
      <div className="card-head">
        <h2>{roleName(t, role.name)}</h2>
        <StateTag state={role.state} />
      </div>
      <dl className="facts">
        {facts.map(([fact, value]) => (
          <div key={fact}>
            <dt>{t(`operations.facts.${fact}`)}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
