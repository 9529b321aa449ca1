import { useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import { inCurrency } from "@/api/figures";
import type { Asked } from "@/api/lines";
import { useLines } from "@/api/lines-hook";
import { useSeriesList } from "@/api/series-list";
import type { SeriesView } from "@/api/types";
import { Empty, Failure, Waiting } from "@/components/states";
import { nowMs } from "@/lib/clock";
import { spanOf } from "@/lib/period";
import { usePreferences } from "@/lib/preferences";
import { useParameter } from "@/lib/url";
import { usePeriod } from "@/lib/usePeriod";
import { axisOf, labelsOf, stepFor, stepsFor, windowed, WINDOWS } from "./axis";
import { MetricPanel } from "./MetricPanel";
import { Moment } from "./Moment";
import { OperationsPage } from "./OperationsPage";
import { isBusiness, moved, type Panel, panelsText, panelText, parsePanels, PRESETS } from "./panels";
import { panelName, valuesAt } from "./reading";
import { Toolbar } from "./Toolbar";
import "./operations.css";

/** Probes look every 15 s, and a step shows once it is whole. */
const EVERY_MS = 15_000;
const NOTHING = "none";

/** How the machines do beside how the shop does: panels under one another on one time axis. */
export function Metrics() {
  const list = useSeriesList();
  return (
    <OperationsPage tab="metrics">
      {list.error && <Failure error={list.error} retry={() => void list.refetch()} />}
      {list.isPending ? <Waiting lines={8} /> : <Board known={list.data} />}
    </OperationsPage>
  );
}

/** `stored` is undefined where the series could not be asked for; the metrics of the shop live on. */
function Board({ known: stored }: { known: SeriesView[] | undefined }) {
  const { t } = useTranslation();
  const known = stored ?? [];
  const [text, setText] = useParameter("charts", PRESETS.load ?? NOTHING);
  const [chosen, setStep] = useParameter("step", "auto");
  const [last, setLast] = useParameter("window", "all");
  const { period } = usePeriod();
  const panels = useMemo(() => parsePanels(text), [text]);
  const minutes = WINDOWS[last as keyof typeof WINDOWS] ?? Infinity;
  const span = windowed(spanOf(period, nowMs()), minutes);
  const business = panels.some(isBusiness);
  const steps = stepsFor(span, business);
  const step = steps.find((one) => String(one) === chosen) ?? stepFor(span, business);
  const set = (next: Panel[]) => setText(panelsText(next) || NOTHING);
  return (
    <>
      <Toolbar known={known} panels={panels} onChange={set} last={last} onLast={setLast} steps={steps} step={steps.some((one) => String(one) === chosen) ? chosen : "auto"} automatic={stepFor(span, business)} onStep={setStep} />
      {stored?.length === 0 && <p className="notice">{t("metricsPage.noSeries")}</p>}
      {step === undefined && <p className="notice warn">{t("metricsPage.tooLong")}</p>}
      {panels.length === 0 && <Empty>{t("metricsPage.empty")}</Empty>}
      {step !== undefined && panels.length > 0 && <Panels panels={panels} known={known} stepS={step} minutes={minutes} onChange={set} />}
    </>
  );
}

interface PanelsProps {
  panels: Panel[];
  known: SeriesView[];
  stepS: number;
  minutes: number;
  onChange: (panels: Panel[]) => void;
}

function Panels({ panels, known, stepS, minutes, onChange }: PanelsProps) {
  const { t } = useTranslation();
  const { period } = usePeriod();
  const { language } = usePreferences();
  const { currency } = useCurrency();
  const box = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState<number | null>(null);
  const axisNow = () => axisOf(windowed(spanOf(period, nowMs()), minutes), stepS);
  const { fromMs, toMs } = axisNow();
  const axis = useMemo(() => ({ fromMs, toMs, stepS }), [fromMs, toMs, stepS]);
  const labels = useMemo(() => labelsOf(axis), [axis]);
  const span = `${period} ${minutes} ${stepS}`;
  const answers = useLines(panels.map((panel) => askedOf(panel, currency)), axisNow, span, EVERY_MS);
  const say = (place: number) => panels.flatMap((panel, index) => valuesAt(panel, answers[index]?.data, axis, place, { t, language, currency }));
  const names = told(panels.map((panel) => panelName(panel, t)));
  const moment = at === null ? null : Math.min(at, labels.length - 1);
  const replace = (place: number, panel: Panel) => onChange(panels.map((old, index) => (index === place ? panel : old)));
  const remove = (place: number) => {
    onChange(panels.filter((_, index) => index !== place));
    box.current?.focus();
  };
  return (
    <div className="panels" ref={box} tabIndex={-1}>
      <Moment labels={labels} at={moment} onChange={setAt} say={say} />
      {panels.map((panel, place) => (
        <MetricPanel
          key={`${place} ${isBusiness(panel) ? panel.metric : panel.series}`}
          panel={panel}
          known={isBusiness(panel) ? undefined : known.find((one) => one.name === panel.series)}
          data={answers[place]?.data}
          error={answers[place]?.error ?? null}
          retry={() => void answers[place]?.refetch()}
          labels={labels}
          axis={axis}
          axisNow={axisNow}
          span={span}
          at={moment}
          onChange={(next) => replace(place, next)}
          onRemove={() => remove(place)}
          {...(place > 0 ? { onUp: () => onChange(moved(panels, place, place - 1)) } : {})}
          {...(place < panels.length - 1 ? { onDown: () => onChange(moved(panels, place, place + 1)) } : {})}
          file={panelText(panel)}
          label={names[place] ?? ""}
        />
      ))}
    </div>
  );
}

/** Names told apart: the second of the same name is (2). */
const told = (names: string[]) => names.map((name, at) => (names.indexOf(name) === at ? name : `${name} (${names.slice(0, at + 1).filter((one) => one === name).length})`));

function askedOf(panel: Panel, currency: string): Asked {
  if (isBusiness(panel)) return { business: [{ metric: panel.metric, ...(inCurrency(panel.metric) ? { currency } : {}) }] };
  return { series: [{ series: panel.series, function: panel.fn, where: panel.where, group_by: panel.by }] };
}
