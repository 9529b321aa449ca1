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
  const ill = roles.filter((role) => !GOOD.has(role.state)).map((role) => role.role ?? role.name);
  const memory = roles.reduce((sum, role) => sum + (role.memory_bytes ?? 0), 0);
  return (
    <section className={ill.length ? "notice warn" : "notice"} aria-label={t("overview.system")}>
      <strong>{ill.length ? `▲ ${t("overview.ill", { roles: ill.join(", ") })}` : `● ${t("overview.well", { count: roles.length })}`}</strong>
      <span className="note">{memory > 0 && t("overview.memory", { size: bytes(memory) })}</span>
      <Go to="/operations" extra={{ tab: "system" }}>
        {t("overview.details")}
      </Go>
    </section>
  );
}
