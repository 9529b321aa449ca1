import { useTranslation } from "react-i18next";
import type { PipelineState, SystemState } from "@/api/types";
import { roleName } from "@/components/roleName";
import { nowMs } from "@/lib/clock";
import { bytes, compact, count } from "@/lib/numbers";
import { usePreferences } from "@/lib/preferences";
import { clockText, parseInstant } from "@/lib/time";
import { lastingWords, sinceWords } from "./health";
import "./data.css";

/** Above this the wait before the reports is called slow. */
const SLOW_MS = 10_000;
/** From here on a number is shown short, so that five stages have room beside one another. */
const SHORT_FROM = 10_000_000;

interface Stage {
  id: string;
  roles: string[];
  figure: string;
  /** The figure in full, where it is shown short. */
  whole?: string;
  note: string;
  /** What waits on the arrow that leads here. */
  wait?: { text: string; slow: boolean };
}

/** Five stages and what waits between them. */
export function Flow({ state, roles }: { state: PipelineState; roles: SystemState["roles"] }) {
  const { t } = useTranslation();
  const stages = useStages(state);
  const ill = (names: string[]) => roles.filter((role) => names.includes(role.name.split("-")[0] ?? "") && role.state !== "running").map((role) => roleName(t, role.name));
  return (
    <ol className="flow" aria-label={t("operations.pipeline")}>
      {stages.map((stage) => {
        const wrong = ill(stage.roles);
        return (
          <li key={stage.id}>
            {stage.wait && (
              <span className={stage.wait.slow ? "flow-arrow slow" : "flow-arrow"}>
                <span>{stage.wait.text}</span>
                <i aria-hidden="true" />
              </span>
            )}
            <section className="card flow-stage" aria-label={t(`pipeline.stages.${stage.id}`)}>
              <span className="row">
                <strong>{t(`pipeline.stages.${stage.id}`)}</strong>
                <span className={wrong.length ? "tag bad" : "tag good"}>
                  <i aria-hidden="true" />
                  {wrong.length ? wrong.join(", ") : t("states.ok")}
                </span>
              </span>
              <span className="big" title={stage.whole}>
                {stage.figure}
              </span>
              <span className="note">{stage.note}</span>
            </section>
          </li>
        );
      })}
    </ol>
  );
}

function useStages(state: PipelineState): Stage[] {
  const { t } = useTranslation();
  const { language } = usePreferences();
  const said = (value: number) => ({ figure: value < SHORT_FROM ? count(value) : compact(value, language), whole: count(value) });
  const minute = state.minutes.at(-2);
  const slow = state.lag_ms > SLOW_MS;
  const { warehouse, lake } = state.tiers;
  const watermark = parseInstant(state.watermark);
  const behind = watermark === null ? 0 : nowMs() - watermark;
  return [
    { id: "intake", roles: ["intake"], ...said(minute?.events ?? 0), note: t("pipeline.notes.intake", { bad: count(minute?.bad_rows ?? 0) }) },
    { id: "log", roles: ["intake"], ...said(state.log_end), note: state.last_received_at ? t("pipeline.notes.log", { last: sinceWords(t, state.last_received_at) }) : t("figures.noWatermark"), wait: { text: t("pipeline.fsynced"), slow: false } },
    { id: "loader", roles: ["analytics"], ...said(state.lag_events), note: t("pipeline.notes.loader"), wait: { text: t("pipeline.lag", { time: lastingWords(t, state.lag_ms) }), slow } },
    { id: "warehouse", roles: ["analytics"], ...said(state.loaded), note: t(lake.rows ? "pipeline.notes.tiered" : "pipeline.notes.warehouse", { here: bytes(warehouse.bytes), old: count(lake.rows), there: bytes(lake.bytes) }), wait: { text: t("pipeline.once"), slow: false } },
    { id: "reports", roles: ["console"], figure: watermark === null ? "—" : clockText(watermark), note: watermark === null ? t("figures.noWatermark") : t(behind < SLOW_MS || state.lag_events === 0 ? "pipeline.notes.fresh" : "pipeline.notes.behind"), wait: { text: t("pipeline.asked"), slow: false } },
  ];
}
