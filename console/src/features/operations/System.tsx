import { useTranslation } from "react-i18next";
import { useSystem } from "@/api/system-get";
import type { SystemState } from "@/api/types";
import { Json } from "@/components/Json";
import { StateTag } from "@/components/StateTag";
import { Loaded } from "@/components/states";
import { bytes, count } from "@/lib/numbers";
import "./operations.css";

/** The house drawn: each role with its process, memory and lag. */
export function System() {
  const { t } = useTranslation();
  const system = useSystem();
  return (
    <Loaded query={system}>
      {(state) => {
        const { roles, ...rest } = state;
        return (
          <>
            <div className="roles">
              {roles.map((role) => (
                <Role key={role.role ?? role.name} role={role} />
              ))}
            </div>
            {Object.keys(rest).length > 0 && (
              <section className="card">
                <h2>{t("operations.more")}</h2>
                <Json value={rest} open />
              </section>
            )}
          </>
        );
      }}
    </Loaded>
  );
}

function Role({ role }: { role: SystemState["roles"][number] }) {
  const { t } = useTranslation();
  const name = role.role ?? role.name ?? "";
  const facts: [string, string][] = [
    ["pid", role.pid ? String(role.pid) : "—"],
    ["memory", bytes(role.memory_bytes)],
    ...(typeof role.lag === "number" ? [["lag", t("operations.lagEvents", { count: role.lag, text: count(role.lag) })] as [string, string]] : []),
  ];
  return (
    <section className="card">
      <div className="card-head">
        <h2>{t(`operations.roles.${name}`, { defaultValue: name })}</h2>
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
