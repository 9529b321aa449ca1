/** Labels at the ends of lines make room for one another. ECharts has a feature for it that weighs 4 KB more. */

import type { EChartsType } from "echarts/core";
import type { Drawing } from "./option";

const LINE_PX = 14;

/** How far each label moves, so that all lie `LINE_PX` apart and above the bottom; `ys` are where the lines end. */
export function apart(ys: number[], bottom: number): number[] {
  const order = ys.map((_, at) => at).sort((a, b) => (ys[a] ?? 0) - (ys[b] ?? 0));
  const placed = [...ys];
  let free = -Infinity;
  for (const at of order) free = (placed[at] = Math.max(placed[at] ?? 0, free)) + LINE_PX;
  let room = bottom;
  for (const at of order.reverse()) room = (placed[at] = Math.min(placed[at] ?? 0, room)) - LINE_PX;
  return placed.map((y, at) => y - (ys[at] ?? 0));
}

/** Move the labels of a chart that is drawn. */
export function spread(chart: EChartsType, { kind, series }: Drawing): void {
  if (kind !== "line" || series.length < 2) return;
  const ys = series.map(({ values }) => chart.convertToPixel({ yAxisIndex: 0 }, values.findLast((value) => value !== null) ?? 0));
  chart.setOption({ series: apart(ys, chart.getHeight() - LINE_PX / 2).map((shift) => ({ endLabel: { offset: [0, shift] } })) });
}
