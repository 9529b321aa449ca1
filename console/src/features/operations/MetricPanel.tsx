import { ArrowDownOutlined, ArrowUpOutlined, CloseOutlined } from "@ant-design/icons";
import { type ReactNode, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import type { Axis } from "@/api/lines";
import type { Lines } from "@/api/lines-hook";
import { asApiError } from "@/api/problem";
import type { SeriesView } from "@/api/types";
import { Chart } from "@/components/chart/Chart";
import { Choice } from "@/components/Choice";
import { Failure, Waiting } from "@/components/states";
import { usePreferences } from "@/lib/preferences";
import { LabelChoice } from "./LabelChoice";
import { BOUND_LABEL, functionsOf, isBusiness, type Panel, type SeriesPanel } from "./panels";
import { drawingOf, drawn, panelName, sentence } from "./reading";

interface Props {
  panel: Panel;
  /** What is known of its series; undefined where there is none, or for a metric of the shop. */
  known: SeriesView | undefined;
  data: Lines | undefined;
  error: unknown;
  retry: () => void;
  labels: string[];
  axis: Axis;
  axisNow: () => Axis;
  span: string;
  at: number | null;
  /** For files. */
  file: string;
  /** Tells it from other panels, also of the same series. */
  label: string;
  onChange: (panel: Panel) => void;
  onRemove: () => void;
  onUp?: () => void;
  onDown?: () => void;
}

/** One panel: its question, and the answer as a chart; its failure leaves the other panels be. */
export function MetricPanel(props: Props) {
  const { panel, data, labels, axis, label } = props;
  const { t } = useTranslation();
  const { language } = usePreferences();
  const { currency } = useCurrency();
  const view = useMemo(() => (data ? drawn(panel, data, axis, { t, language, currency }) : null), [panel, data, axis, t, language, currency]);
  const drawing = useMemo(() => (view ? drawingOf(view, labels) : null), [view, labels]);
  const tools = <Tools {...props} hidden={view?.hidden ?? 0} />;
  if (drawing && view && view.series.length > 0) {
    const file = props.file.replace(/[^\w.-]+/g, "-");
    return (
      <section className="panel" aria-label={label}>
        <Fault {...props} />
        <Chart title={sentence(panel, view, labels, t)} name={file} axis={t("overview.time")} drawing={drawing} at={props.at} note={<Buttons {...props} />} tools={tools} />
      </section>
    );
  }
  return (
    <section className="panel chart" aria-label={label}>
      <Head title={view ? t("metricsPage.title.none", { what: panelName(panel, t) }) : panelName(panel, t)}>
        <Buttons {...props} />
      </Head>
      {tools}
      <Fault {...props} />
      {props.error === null && (view ? <p className="note">{t(isBusiness(panel) ? "data.empty" : "metricsPage.none")}</p> : <Waiting lines={5} />)}
    </section>
  );
}

/** Too many lines is no failure: the way out is at hand. */
function Fault({ error, retry }: Pick<Props, "error" | "retry">) {
  const { t } = useTranslation();
  if (error === null) return null;
  if (asApiError(error).reason === "too_many_lines") return <p className="notice warn">{t("metricsPage.tooMany")}</p>;
  return <Failure error={error} retry={retry} />;
}

function Head({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="panel-head">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

function Buttons({ label: name, onUp, onDown, onRemove }: Props) {
  const { t } = useTranslation();
  const button = (label: string, icon: ReactNode, run: (() => void) | undefined) => (
    <button type="button" className="icon" aria-label={label} title={label} disabled={!run} onClick={run}>
      {icon}
    </button>
  );
  return (
    <>
      {button(t("metricsPage.up", { name }), <ArrowUpOutlined />, onUp)}
      {button(t("metricsPage.down", { name }), <ArrowDownOutlined />, onDown)}
      {button(t("metricsPage.remove", { name }), <CloseOutlined />, onRemove)}
    </>
  );
}

function Tools({ panel, known, hidden, axisNow, span, onChange }: Props & { hidden: number }) {
  const { t } = useTranslation();
  if (isBusiness(panel)) return <p className="note panel-tools">{t(`definitions.${panel.metric}`, { defaultValue: "" })}</p>;
  return (
    <div className="panel-tools">
      <code>{panel.series}</code>
      <FunctionChoice panel={panel} kind={known?.kind ?? "unknown"} onChange={onChange} />
      {labelsOf(panel, known).map((label) => (
        <LabelChoice key={label} label={label} panel={panel} axis={axisNow} span={span} onChange={onChange} />
      ))}
      {hidden > 0 && <span className="note">{t("metricsPage.hidden", { count: hidden })}</span>}
    </div>
  );
}

/** The labels of a series, and those that the address names beside them. */
function labelsOf(panel: SeriesPanel, known: SeriesView | undefined): string[] {
  const all = new Set([...(known?.labels ?? []), ...Object.keys(panel.where), ...panel.by]);
  if (panel.fn.startsWith("bucket_")) all.delete(BOUND_LABEL);
  return [...all];
}

function FunctionChoice({ panel, kind, onChange }: { panel: SeriesPanel; kind: string; onChange: (panel: Panel) => void }) {
  const { t } = useTranslation();
  const functions = [...new Set([...functionsOf(panel.series, kind), panel.fn])];
  return (
    <label className="panel-tool">
      <span>{t("metricsPage.function")}</span>
      <Choice value={panel.fn} onChange={(fn) => onChange({ ...panel, fn })} options={functions.map((value) => ({ value, label: t(`metricFunctions.${value}`) }))} />
    </label>
  );
}
