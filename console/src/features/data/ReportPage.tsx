import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import { type Figure, type Figures, numeric } from "@/api/figures";
import { useFigures } from "@/api/figures-hook";
import { Chart } from "@/components/chart/Chart";
import type { Drawing } from "@/components/chart/option";
import { DataPage } from "@/components/DataPage";
import { Field } from "@/components/Field";
import { Choice } from "@/components/Choice";
import { WordsInput } from "@/components/WordsInput";
import { Empty, Loaded } from "@/components/states";
import { type Column, Table } from "@/components/Table";
import { Watermark } from "@/components/Watermark";
import { DIMENSIONS, METRICS } from "@/lib/catalogue";
import { exact, stepMin, tick, type Unit, unitOf } from "@/lib/numbers";
import { usePreferences } from "@/lib/preferences";
import { useParameter } from "@/lib/url";

const STEPS = ["none", "day", "hour"] as const;
const TIMES = ["day", "hour", "minute", "time", "bucket"];
const SHOWN_MAX = 20;

/** A report of one's own: metrics by a dimension and time, as chart and table. */
export function ReportPage() {
  const { t } = useTranslation();
  const [chosen, setChosen] = useParameter("metrics", "gmv,orders");
  const [dimension, setDimension] = useParameter("dimension", "none");
  const [step, setStep] = useParameter("step", dimension === "none" ? "day" : "none");
  const metrics = chosen.split(",").filter((name) => name in METRICS);
  const asked = metrics.length ? metrics : ["gmv"];
  const granularity = STEPS.find((one) => one === step) ?? "none";
  const report = useFigures({ metrics: asked, ...(dimension === "none" ? {} : { dimensions: [dimension] }), granularity, limit: 1000 }, "now", 5000);
  return (
    <DataPage tab="report" status={report.data && <Watermark at={report.data.watermark} />}>
      <section className="card form">
        <Field label={t("data.metrics")}>
          {(id) => <WordsInput id={id} label={t("data.metrics")} value={asked} options={Object.keys(METRICS).map((value) => ({ value, label: t(`metrics.${value}`) }))} onChange={(words) => setChosen(words.join(","))} />}
        </Field>
        <Field label={t("data.dimension")}>
          {(id) => <Choice id={id} value={dimension} onChange={setDimension} options={["none", ...DIMENSIONS].map((value) => ({ value, label: t(`dimensions.${value}`) }))} />}
        </Field>
        <Field label={t("data.step")}>
          {(id) => <Choice id={id} value={granularity} onChange={setStep} options={STEPS.map((value) => ({ value, label: t(`data.steps.${value}`) }))} />}
        </Field>
      </section>
      <Loaded query={report} lines={8}>
        {(data) => <Result data={data} metrics={asked} dimension={dimension} />}
      </Loaded>
    </DataPage>
  );
}

function Result({ data, metrics, dimension }: { data: Figures; metrics: string[]; dimension: string }) {
  const { t } = useTranslation();
  const { currency } = useCurrency();
  const units = useMemo(() => new Map(data.columns.map((column) => [column.name, unitOf(column.name, column.unit ?? METRICS[column.name])])), [data.columns]);
  const time = data.columns.find((column) => column.kind === "dimension" && TIMES.includes(column.name))?.name;
  const columns = [time, dimension === "none" ? undefined : dimension].filter((name) => name !== undefined);
  if (data.rows.length === 0) return <Empty>{t("data.empty")}</Empty>;
  const words: Column<Figure>[] = columns.map((name) => ({ id: name, title: t(`dimensions.${name}`, { defaultValue: name }), value: (row) => String(row[name] ?? ""), cell: (row) => String(row[name] || "—") }));
  const numbers: Column<Figure>[] = metrics.map((name) => ({
    id: name,
    title: t(`metrics.${name}`),
    help: t(`definitions.${name}`, { defaultValue: "" }),
    numeric: true,
    value: (row) => numeric(row, name),
    cell: (row) => exact(numeric(row, name), units.get(name) ?? "count", currency),
  }));
  return (
    <>
      <Drawn data={data} metric={metrics[0] ?? "gmv"} time={time} dimension={dimension} unit={units.get(metrics[0] ?? "") ?? "count"} />
      <Table name="report" caption={t("data.table")} columns={[...words, ...numbers]} rows={data.rows} rowKey={(row) => columns.map((name) => row[name]).join("|") || "all"} />
    </>
  );
}

function Drawn({ data, metric, time, dimension, unit }: { data: Figures; metric: string; time: string | undefined; dimension: string; unit: Unit }) {
  const { t } = useTranslation();
  const { currency } = useCurrency();
  const { language } = usePreferences();
  const drawing = useMemo<Drawing>(() => {
    const format = { format: (value: number) => exact(value, unit, currency), formatShort: (value: number) => tick(value, unit, currency, language), stepMin: stepMin(unit, currency) };
    return { ...shape(data.rows, metric, time, dimension, t(`metrics.${metric}`)), ...format };
  }, [data.rows, metric, time, dimension, unit, currency, language, t]);
  const best = drawing.labels[drawing.series[0]?.values.reduce<number>((most, value, at, all) => ((value ?? -Infinity) > (all[most] ?? -Infinity) ? at : most), 0) ?? 0];
  if (drawing.labels.length < 2) return null;
  return <Chart title={t("data.highest", { metric: t(`metrics.${metric}`), label: best })} name={`report-${metric}`} axis={t(`dimensions.${time ?? dimension}`, { defaultValue: "" })} drawing={drawing} />;
}

/** Lines over time, one for each of the six largest values; bars without time. */
function shape(rows: Figure[], metric: string, time: string | undefined, dimension: string, name: string): Pick<Drawing, "kind" | "labels" | "series"> {
  if (!time) {
    const top = [...rows].sort((a, b) => (numeric(b, metric) ?? 0) - (numeric(a, metric) ?? 0)).slice(0, SHOWN_MAX);
    return { kind: "bar", labels: top.map((row) => String(row[dimension] || "—")), series: [{ name, values: top.map((row) => numeric(row, metric)) }] };
  }
  const labels = [...new Set(rows.map((row) => String(row[time])))].sort();
  const groups = new Map<string, Map<string, number | null>>();
  for (const row of rows) {
    const group = dimension === "none" ? name : String(row[dimension] || "—");
    groups.set(group, (groups.get(group) ?? new Map()).set(String(row[time]), numeric(row, metric)));
  }
  const sum = (values: Map<string, number | null>) => [...values.values()].reduce<number>((total, value) => total + (value ?? 0), 0);
  const largest = [...groups].sort((a, b) => sum(b[1]) - sum(a[1])).slice(0, 6);
  return { kind: "line", labels: labels.map(shortTime), series: largest.map(([group, values]) => ({ name: group, values: labels.map((label) => values.get(label) ?? null) })) };
}

const shortTime = (text: string) => (text.length > 10 ? text.slice(5, 16).replace("T", " ") : text.slice(5));
