/** Lines as they are drawn and said: names, units, and the answer in a sentence. */

import type { Axis } from "@/api/lines";
import type { Lines } from "@/api/lines-hook";
import type { Line } from "@/api/types";
import type { Drawing, Series } from "@/components/chart/option";
import { roleName } from "@/components/roleName";
import { isCounted, METRICS } from "@/lib/catalogue";
import { DASH, exact, type Language, short, stepMin, tick, unitOf } from "@/lib/numbers";
import { laid } from "./axis";
import { isBusiness, type Panel } from "./panels";
import { spoken, unitOfSeries } from "./units";

type Translate = (key: string, vars?: Record<string, unknown>) => string;

export interface Taste {
  t: Translate;
  language: Language;
  currency: string;
}

export interface Drawn {
  series: Series[];
  /** Lines beyond those that can be told apart. */
  hidden: number;
  format: (value: number) => string;
  /** For the axis. */
  formatShort: (value: number) => string;
  /** For a sentence. */
  say: (value: number) => string;
  stepMin: number;
}

const LINES_SEEN = 6;
export const GROUP = "metrics";

/** The lines of a panel laid on the shared axis, the highest first. */
export function drawn(panel: Panel, { lines, axis: from }: Lines, onto: Axis, taste: Taste): Drawn {
  const series = lines.map((line) => ({ name: lineName(panel, line, taste.t), values: filled(panel, laid(line.values, from, onto)) }));
  const ordered = series.filter((one) => one.values.some((value) => value !== null)).sort((a, b) => (peak(b.values)?.value ?? 0) - (peak(a.values)?.value ?? 0));
  return { series: ordered.slice(0, LINES_SEEN), hidden: Math.max(0, ordered.length - LINES_SEEN), ...formats(panel, taste) };
}

/** What stands at a step, line by line, for those who do not see the drawing. */
export function valuesAt(panel: Panel, data: Lines | undefined, axis: Axis, at: number, taste: Taste): string[] {
  if (!data) return [];
  const { series, format } = drawn(panel, data, axis, taste);
  return series.map(({ name, values }) => {
    const value = values[at];
    return `${name} ${typeof value === "number" ? format(value) : DASH}`;
  });
}

/** Nothing sold in a minute is zero, not unknown. */
function filled(panel: Panel, values: (number | null)[]): (number | null)[] {
  return isBusiness(panel) && isCounted(panel.metric) ? values.map((value) => value ?? 0) : values;
}

function formats(panel: Panel, { t, language, currency }: Taste): Pick<Drawn, "format" | "formatShort" | "say" | "stepMin"> {
  if (isBusiness(panel)) {
    const unit = unitOf(panel.metric, METRICS[panel.metric]);
    return { format: (value) => exact(value, unit, currency), formatShort: (value) => tick(value, unit, currency, language), say: (value) => short(value, unit, currency, language), stepMin: stepMin(unit, currency) };
  }
  const unit = unitOfSeries(panel.series, panel.fn);
  const say = (value: number) => spoken(value, unit, t, language);
  return { format: say, formatShort: say, say, stepMin: 0 };
}

function lineName(panel: Panel, line: Line, t: Translate): string {
  const labels = Object.entries(line.labels).map(([label, value]) => valueName(label, value, t));
  return labels.join(" · ") || panelName(panel, t);
}

/** A label's value; our own roles have names. */
export const valueName = (label: string, value: string, t: Translate): string => (label === "role" ? roleName(t, value) : value) || DASH;

/** What a panel shows, in the reader's words where there are any. */
export function panelName(panel: Panel, t: Translate): string {
  if (isBusiness(panel)) return t(`metrics.${panel.metric}`);
  const where = Object.entries(panel.where).map(([label, value]) => valueName(label, value, t));
  const name = seriesName(panel.fn.startsWith("bucket_") ? panel.series.replace(/_bucket$/, "") : panel.series, t);
  return where.length ? t("metricsPage.of", { name, where: where.join(", ") }) : name;
}

/** A series' name in the reader's words, or as it is stored. */
export const seriesName = (series: string, t: Translate): string => (series.includes(":") ? series : t(`seriesNames.${series}`, { defaultValue: series }));

interface Peak {
  value: number;
  at: number;
}

function peak(values: (number | null)[]): Peak | null {
  return values.reduce<Peak | null>((best, value, at) => (value !== null && (best === null || value > best.value) ? { value, at } : best), null);
}

/** The answer in a sentence: which is highest, how high, when; and where it stands. */
export function sentence(panel: Panel, { series, say }: Drawn, labels: string[], t: Translate): string {
  const what = panelName(panel, t);
  const first = series[0];
  const top = first && peak(first.values);
  if (!first || !top) return t("metricsPage.title.none", { what });
  const last = first.values.findLast((value) => value !== null) ?? top.value;
  const words = { what, label: first.name, most: say(top.value), time: labels[top.at] ?? "", last: say(last) };
  return t(series.length > 1 ? "metricsPage.title.many" : "metricsPage.title.one", words);
}

export function drawingOf({ series, format, formatShort, stepMin: least }: Drawn, labels: string[]): Drawing {
  return { kind: "line", labels, series, format, formatShort, stepMin: least, panel: GROUP };
}
