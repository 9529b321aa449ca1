import { useTranslation } from "react-i18next";
import { useSystem } from "@/api/system-get";
import { Go } from "@/components/Go";
import { Failure } from "@/components/states";
import { bytes } from "@/lib/numbers";

const GOOD = new Set(["running", "ready", "ok", "up"]);

/** The house's health in one line. */
export function SystemLine() {
  const { t } = useTranslation();
  const system = useSystem();
  if (system.error && !system.data) return <Failure error={system.error} retry={() => void system.refetch()} />;
  if (!system.data) return null;
  const roles = system.data.roles;
  const ill = roles.filter((role) => !GOOD.has(role.state)).map((role) => role.name);
  return (
    <section className={ill.length ? "notice warn" : "notice"} aria-label={t("overview.system")}>
      <strong>{ill.length ? `▲ ${t("overview.ill", { roles: ill.join(", ") })}` : `● ${t("overview.well", { count: roles.length })}`}</strong>
      <span className="note">{t("overview.memory", { size: bytes(system.data.memory_bytes), lag: system.data.lag_events })}</span>
      <Go to="/operations" extra={{ tab: "system" }}>
        {t("overview.details")}
      </Go>
    </section>
  );
}
