/** One look for all charts. */

import type { EChartsCoreOption } from "echarts/core";
import { fonts, type Tokens } from "@/lib/theme";

export interface Series {
  name: string;
  values: (number | null)[];
  /** The compared period: dashed and grey. */
  dashed?: boolean;
}

export interface Drawing {
  kind: "line" | "bar";
  labels: string[];
  series: Series[];
  format: (value: number) => string;
  formatShort: (value: number) => string;
  /** The least step of the axis, so that an empty chart does not count in hundredths. */
  stepMin?: number;
  /** One of several panels under one another: their time axes lie in line and they share the crosshair. */
  panel?: string;
  /** Bars that lie, the first on top: long names stand whole beside them. */
  lying?: boolean;
}

// A dash pattern beside each colour, so that colour alone never tells lines apart.
const PATTERNS: ("solid" | number[])[] = ["solid", [8, 3], [2, 3], [10, 3, 2, 3], [5, 5], [1, 2]];

/** The ECharts option of a drawing in the tokens of a mode. */
export function optionOf(drawing: Drawing, tokens: Tokens): EChartsCoreOption {
  const axis = { axisLine: { lineStyle: { color: tokens.line } }, axisTick: { show: false }, axisLabel: { color: tokens.textSoft, fontSize: 12 } };
  const names = { type: "category", data: drawing.labels, boundaryGap: drawing.kind === "bar", ...axis };
  const values = {
    type: "value",
    min: drawing.kind === "bar" ? (range: { min: number }) => Math.min(0, range.min) : undefined,
    minInterval: drawing.stepMin ?? 0,
    splitLine: { lineStyle: { color: tokens.line } },
    ...axis,
    axisLabel: { ...axis.axisLabel, hideOverlap: true, formatter: (value: number) => drawing.formatShort(value) },
  };
  return {
    animation: false,
    textStyle: { fontFamily: fonts.text },
    grid: gridOf(drawing),
    tooltip: {
      trigger: "axis",
      confine: true,
      axisPointer: { type: drawing.kind === "line" ? "line" : "shadow", lineStyle: { color: tokens.lineStrong } },
      backgroundColor: tokens.surface,
      borderColor: tokens.line,
      textStyle: { color: tokens.text, fontSize: 12 },
      valueFormatter: (value: unknown) => (typeof value === "number" ? drawing.format(value) : "—"),
    },
    ...(drawing.lying ? { xAxis: values, yAxis: { ...names, inverse: true, axisLabel: { ...axis.axisLabel, width: NAME_PX, overflow: "truncate", interval: 0 } } } : { xAxis: names, yAxis: values }),
    series: drawing.series.map((series, at) => seriesOf(series, at, drawing, tokens)),
  };
}

/** The room of a name beside a bar that lies: what is longer ends in an ellipsis, and is whole in the table. */
const NAME_PX = 160;

/** How far a panel's plot lies from its box on either side, so that panels are in line whatever their labels. */
export const PANEL_SIDES = { left: 72, right: 84 };

function gridOf(drawing: Drawing) {
  if (drawing.panel) return { ...PANEL_SIDES, top: 12, bottom: 24 };
  return { left: 8, right: drawing.kind === "line" ? 84 : 16, top: 12, bottom: 4, containLabel: true };
}

/** A point between two gaps has no line to show it. */
const lone = (values: (number | null)[]) => values.some((value, at) => value !== null && (values[at - 1] ?? null) === null && (values[at + 1] ?? null) === null);

function seriesOf(series: Series, at: number, drawing: Drawing, tokens: Tokens) {
  const colour = series.dashed ? tokens.lineStrong : (tokens.series[at % tokens.series.length] ?? tokens.primary);
  if (drawing.kind === "bar") {
    return { type: "bar", name: series.name, data: series.values, itemStyle: { color: colour }, barMaxWidth: 28 };
  }
  return {
    type: "line",
    name: series.name,
    data: series.values,
    showSymbol: lone(series.values),
    symbolSize: 4,
    lineStyle: { color: colour, width: series.dashed ? 1.5 : 2, type: series.dashed ? [5, 4] : PATTERNS[at % PATTERNS.length] },
    itemStyle: { color: colour },
    endLabel: { show: !drawing.panel || drawing.series.length > 1, formatter: series.name, color: colour, fontSize: 12, width: 80, overflow: "truncate" },
  };
}
