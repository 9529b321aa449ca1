/** The panels of a page of metrics, as the address holds them: `gmv;rate(node_cpu_seconds_total{mode="user"}) by (host)`. */

import type { SeriesView } from "@/api/types";
import { METRICS } from "@/lib/catalogue";

export const FUNCTIONS = ["avg", "max", "min", "sum", "p50", "p95", "p99", "rate", "count", "bucket_p50", "bucket_p95", "bucket_p99"] as const;
export type Fn = (typeof FUNCTIONS)[number];

/** Lines of a stored series: those with the labels of `where`, one for each value of `by`. */
export interface SeriesPanel {
  series: string;
  fn: Fn;
  where: Record<string, string>;
  by: string[];
}

/** The line of a metric of the shop. */
export interface BusinessPanel {
  metric: string;
}

export type Panel = SeriesPanel | BusinessPanel;

export const isBusiness = (panel: Panel): panel is BusinessPanel => "metric" in panel;

export function panelText(panel: Panel): string {
  if (isBusiness(panel)) return panel.metric;
  const where = Object.entries(panel.where).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  const by = panel.by.length ? ` by (${panel.by.join(",")})` : "";
  return `${panel.fn}(${panel.series}${where.length ? `{${where.join(",")}}` : ""})${by}`;
}

export const panelsText = (panels: Panel[]): string => panels.map(panelText).join(";");

const STRING = String.raw`"(?:[^"\\]|\\.)*"`;
const PANEL = new RegExp(String.raw`\s*(?:(\w+)\(([\w:]+)(?:\{((?:\w+=${STRING},?)*)\})?\)(?: by \(([\w,]+)\))?|(\w+))\s*(?:;|$)`, "y");
const PAIR = new RegExp(String.raw`(\w+)=(${STRING})`, "g");

/** The panels that a text names; what cannot be read, or is no function or metric, is left out. */
export function parsePanels(text: string): Panel[] {
  const panels: Panel[] = [];
  PANEL.lastIndex = 0;
  for (let found = PANEL.exec(text); found && found[0] !== ""; found = PANEL.exec(text)) {
    const [, fn, series, where, by, metric] = found;
    if (metric && metric in METRICS) panels.push({ metric });
    const known = FUNCTIONS.find((one) => one === fn);
    if (known && series) panels.push({ series, fn: known, where: pairsOf(where ?? ""), by: by ? by.split(",") : [] });
  }
  return panels;
}

function pairsOf(text: string): Record<string, string> {
  return Object.fromEntries([...text.matchAll(PAIR)].flatMap(([, label, value]) => (label && value ? [[label, unquoted(value)]] : [])));
}

function unquoted(text: string): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    return text.slice(1, -1);
  }
}

/** Functions that make sense for a kind of series, the best one first. */
export function functionsOf(series: string, kind: string): Fn[] {
  if (kind === "histogram" && series.endsWith("_bucket")) return ["bucket_p95", "bucket_p50", "bucket_p99", "rate"];
  if (kind === "counter" || kind === "histogram") return ["rate", "max", "min", "count"];
  const measured = FUNCTIONS.filter((fn) => fn !== "rate" && !fn.startsWith("bucket_"));
  return kind === "gauge" ? measured : [...measured, "rate"];
}

/** A fresh panel of a series. */
export const panelOf = ({ name, kind }: Pick<SeriesView, "name" | "kind">): SeriesPanel => ({ series: name, fn: functionsOf(name, kind)[0] ?? "avg", where: {}, by: [] });

/** The label that a histogram keeps its bounds in; its functions use it up. */
export const BOUND_LABEL = "le";

/** Sets of panels that an operator asks for often. */
export const PRESETS: Record<string, string> = {
  load: "rate(process_cpu_seconds_total) by (role);gmv;orders",
  machine: "rate(node_cpu_seconds_total) by (mode);avg(node_load1);avg(node_memory_MemAvailable_bytes);sum(process_proportional_memory_bytes) by (role)",
  answers: "p95(queqiao_http_answer_seconds);views;orders",
  backlog: "max(queqiao_events_waiting);rate(queqiao_events_stored_total);views",
  disk: "min(node_filesystem_avail_bytes) by (mountpoint);rate(node_disk_written_bytes_total) by (device);rate(node_network_receive_bytes_total) by (device)",
};

/** Move a panel up or down by one place. */
export function moved<T>(all: T[], from: number, to: number): T[] {
  const rest = all.filter((_, at) => at !== from);
  const one = all[from];
  return one === undefined ? all : [...rest.slice(0, to), one, ...rest.slice(to)];
}
