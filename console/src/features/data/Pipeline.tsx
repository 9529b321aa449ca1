import { useTranslation } from "react-i18next";
import { usePipeline } from "@/api/pipeline-get";
import { useSystem } from "@/api/system-get";
import type { PipelineState } from "@/api/types";
import { Choice } from "@/components/Choice";
import { DataPage } from "@/components/DataPage";
import { roleName } from "@/components/roleName";
import { StateTag } from "@/components/StateTag";
import { Loaded } from "@/components/states";
import { bytes, count } from "@/lib/numbers";
import { usePreferences } from "@/lib/preferences";
import { useParameter } from "@/lib/url";
import { Backfill } from "./Backfill";
import { Corrections } from "./Corrections";
import { Flow } from "./Flow";
import { Course } from "./Course";
import "./data.css";

const WINDOWS = ["60", "360", "1440"] as const;

/** The way of the data as the house is drawn: what each stage holds, and what waits on each arrow. */
export function Pipeline() {
  const { t } = useTranslation();
  const [chosen, setWindow] = useParameter("window", "60");
  const pipeline = usePipeline(Number(WINDOWS.find((one) => one === chosen) ?? 60));
  const system = useSystem();
  const { language } = usePreferences();
  return (
    <DataPage tab="pipeline" action={<Choice label={t("pipeline.window")} value={chosen} onChange={setWindow} options={WINDOWS.map((value) => ({ value: value as string, label: t(`pipeline.windows.${value}`) }))} />}>
      <Loaded query={pipeline} lines={8}>
        {(state) => (
          <>
            {state.tiers.refused && <p className="notice warn">{state.tiers.refused[language]}</p>}
            {state.tiers.failed && <p className="notice warn">{t("pipeline.tieringFailed", { why: state.tiers.failed[language] })}</p>}
            <Flow state={state} roles={system.data?.roles ?? []} />
            <Backfill state={state.backfill} now={state.now} />
            <Charts state={state} />
          </>
        )}
      </Loaded>
      <Loaded query={system}>
        {(state) => (
          <section className="card" aria-label={t("pipeline.roles")}>
            <h2>{t("pipeline.memoryOf", { memory: bytes(state.memory_bytes), count: state.roles.length })}</h2>
            <ul className="plain role-lines">
              {state.roles.map((role) => (
                <li key={role.name}>
                  <span>{roleName(t, role.name)}</span>
                  <StateTag state={role.state} />
                  <span className="bar" aria-hidden="true">
                    <i style={{ width: `${(100 * (role.memory_bytes ?? 0)) / Math.max(1, state.memory_bytes)}%` }} />
                  </span>
                  <span className="num">{bytes(role.memory_bytes)}</span>
                  <span className="note">{t("pipeline.restarts", { count: role.restarts })}</span>
                </li>
              ))}
            </ul>
          </section>
        )}
      </Loaded>
      <Corrections />
    </DataPage>
  );
}

function Charts({ state }: { state: PipelineState }) {
  const { t } = useTranslation();
  const sum = (of: "events" | "bad_rows" | "late") => state.minutes.reduce((total, one) => total + one[of], 0);
  const most = Math.max(0, ...state.minutes.map((one) => one.events));
  return (
    <div className="two even">
      <Course state={state} of={["events"]} kind="line" name="throughput" title={t("pipeline.throughput", { most: count(most), sum: count(sum("events")) })} />
      <Course state={state} of={["late", "bad_rows"]} kind="bar" name="late" title={t(sum("late") + sum("bad_rows") === 0 ? "pipeline.nothingLate" : "pipeline.late", { late: count(sum("late")), bad: count(sum("bad_rows")) })} />
    </div>
  );
}
