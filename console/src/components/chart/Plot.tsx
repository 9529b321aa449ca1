import type { EChartsType } from "echarts/core";
import { useEffect, useRef } from "react";
import { usePreferences } from "@/lib/preferences";
import { tokens } from "@/lib/theme";
import { init } from "./engine";
import { type Drawing, optionOf } from "./option";

/** The drawing itself; follows its box's size, the theme and new data. */
export default function Plot({ drawing, label }: { drawing: Drawing; label: string }) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType | null>(null);
  const { mode } = usePreferences();
  useEffect(() => {
    if (!box.current) return;
    const drawn = init(box.current, null, { renderer: "svg" });
    chart.current = drawn;
    const watch = new ResizeObserver(() => drawn.resize());
    watch.observe(box.current);
    return () => {
      watch.disconnect();
      drawn.dispose();
    };
  }, []);
  useEffect(() => chart.current?.setOption(optionOf(drawing, tokens[mode]), { notMerge: true }), [drawing, mode]);
  return <div ref={box} className="plot" role="img" aria-label={label} />;
}
