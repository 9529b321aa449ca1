import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { PipelineState } from "@/api/types";
import { Chart } from "@/components/chart/Chart";
import type { Drawing } from "@/components/chart/option";
import { compact, count } from "@/lib/numbers";
import { usePreferences } from "@/lib/preferences";
import { minuteText, parseInstant } from "@/lib/time";

const BARS_MAX = 60;

interface Props {
  state: PipelineState;
  of: ("events" | "bad_rows" | "late")[];
  kind: Drawing["kind"];
  name: string;
  title: string;
}

/** The course of a few counts by the minute; many minutes are gathered so that each bar can be seen. */
export function Course({ state, of, kind, name, title }: Props) {
  const { t } = useTranslation();
  const { language } = usePreferences();
  const drawing = useMemo<Drawing>(() => {
    const step = Math.ceil(state.minutes.length / BARS_MAX);
    // The running minute is not whole yet: a line would seem to fall.
    const whole = kind === "line" ? state.minutes.slice(0, -1) : state.minutes;
    const slots = Array.from({ length: Math.ceil(whole.length / step) }, (_, at) => whole.slice(at * step, (at + 1) * step));
    const mean = (minutes: PipelineState["minutes"], one: Props["of"][number]) => minutes.reduce((total, minute) => total + minute[one], 0) / (kind === "line" ? minutes.length : 1);
    return {
      kind,
      labels: slots.map((minutes) => minuteText(parseInstant(minutes[0]?.at) ?? 0)),
      series: of.map((one) => ({ name: t(`pipeline.counts.${one}`), values: slots.map((minutes) => Math.round(mean(minutes, one))) })),
      format: (value) => count(value),
      formatShort: (value) => compact(value, language),
      stepMin: 1,
    };
  }, [state.minutes, of, kind, t, language]);
  return <Chart title={title} name={name} axis={t("overview.time")} drawing={drawing} />;
}
