import { useTranslation } from "react-i18next";
import { useSystem } from "@/api/system-get";
import type { SystemState } from "@/api/types";
import { StateTag } from "@/components/StateTag";
import { Loaded } from "@/components/states";
import { bytes, count } from "@/lib/numbers";
import { instantText, parseInstant } from "@/lib/time";
import "./operations.css";

/** The house drawn: how far events have come, and each role with its process and memory. */
export function System() {
  const { t } = useTranslation();
  const system = useSystem();
  return (
    <Loaded query={system}>
      {(state) => (
        <>
          <Pipeline state={state} />
          <div className="roles">
            {state.roles.map((role) => (
              <Role key={role.name} role={role} />
            ))}
          </div>
          <p className="note">{t("operations.version", { version: state.version, memory: bytes(state.memory_bytes) })}</p>
        </>
      )}
    </Loaded>
  );
}

/** The way of the data, with what waits on each arrow. */
function Pipeline({ state }: { state: SystemState }) {
  const { t } = useTranslation();
  const stops: [string, string][] = [
    ["logged", count(state.log_end)],
    ["waiting", count(state.lag_events)],
    ["loaded", count(state.loaded)],
  ];
  return (
    <section className="card pipeline" aria-label={t("operations.pipeline")}>
      {stops.map(([name, value], at) => (
        <div key={name} className="pipeline-stop">
          {at > 0 && <span aria-hidden="true">→</span>}
          <dl>
            <dt className="note">{t(`operations.stops.${name}`)}</dt>
            <dd className="big">{value}</dd>
          </dl>
        </div>
      ))}
    </section>
  );
}

/** `decide-0` is the first of several; its number stays. */
function nameOf(t: (key: string, vars: { defaultValue: string }) => string, name: string): string {
  const [kind = name, ...number] = name.split("-");
  return [t(`operations.roles.${kind}`, { defaultValue: kind }), ...number].join(" ");
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
        <h2>{nameOf(t, role.name)}</h2>
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
