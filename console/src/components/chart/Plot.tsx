import type { EChartsType } from "echarts/core";
import { useEffect, useRef } from "react";
import { usePreferences } from "@/lib/preferences";
import { tokens } from "@/lib/theme";
import { spread } from "./ends";
import { connect, init } from "./engine";
import { type Drawing, optionOf } from "./option";

interface Props {
  drawing: Drawing;
  label: string;
  /** The moment pointed at by other means than the mouse. */
  at?: number | null;
}

/** The drawing itself; follows its box's size, the theme and new data. */
export default function Plot({ drawing, label, at = null }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType | null>(null);
  const shown = useRef(drawing);
  const { mode } = usePreferences();
  useEffect(() => {
    if (!box.current) return;
    const drawn = init(box.current, null, { renderer: "svg" });
    chart.current = drawn;
    const watch = new ResizeObserver(() => {
      drawn.resize();
      spread(drawn, shown.current);
    });
    watch.observe(box.current);
    return () => {
      watch.disconnect();
      drawn.dispose();
    };
  }, []);
  useEffect(() => {
    shown.current = drawing;
    chart.current?.setOption(optionOf(drawing, tokens[mode]), { notMerge: true });
    if (chart.current) spread(chart.current, drawing);
  }, [drawing, mode]);
  useEffect(() => {
    if (chart.current && drawing.panel) return join(chart.current, drawing.panel);
  }, [drawing.panel]);
  useEffect(() => {
    if (chart.current && at !== null && leads(chart.current, drawing.panel)) point(chart.current, at);
  }, [drawing, mode, at]);
  return <div ref={box} className="plot" role="img" aria-label={label} />;
}

const groups = new Map<string, Set<EChartsType>>();

/** Panels of one group share their crosshair, until the chart leaves. */
function join(chart: EChartsType, group: string): () => void {
  const members = groups.get(group) ?? new Set();
  groups.set(group, members.add(chart));
  chart.group = group;
  connect(group);
  return () => void members.delete(chart);
}

/** One chart points for its group: the others follow it, and two that point would hide each other's tips. */
const leads = (chart: EChartsType, group: string | undefined) => !group || groups.get(group)?.values().next().value === chart;

/** Put the crosshair on a step. */
function point(chart: EChartsType, at: number): void {
  const x = chart.convertToPixel({ xAxisIndex: 0 }, at);
  chart.dispatchAction({ type: "showTip", x, y: chart.getHeight() / 2 });
}
