import { lazy, type ReactNode, Suspense } from "react";
import { usePreferences } from "@/lib/preferences";
import { tokens } from "@/lib/theme";
import { Waiting } from "../states";
import { ChartFrame } from "./Frame";
import type { Drawing } from "./option";

const Plot = lazy(() => import("./Plot"));

interface Props {
  /** The answer in a sentence, not the metric's name. */
  title: string;
  name: string;
  axis: string;
  drawing: Drawing;
  note?: ReactNode;
  /** What is asked, between the title and the drawing. */
  tools?: ReactNode;
  /** The moment that a panel among others points at. */
  at?: number | null;
}

/** A drawing in its frame. */
export function Chart({ title, name, axis, drawing, note, tools, at }: Props) {
  const table = {
    header: [axis, ...drawing.series.map((series) => series.name)],
    rows: drawing.labels.map((label, place) => [label, ...drawing.series.map((series) => series.values[place] ?? null)]),
  };
  const legend = drawing.kind === "bar" && drawing.series.length > 1 && <Legend series={drawing.series} />;
  return (
    <ChartFrame title={title} name={name} table={table} format={drawing.format} note={note} legend={legend} tools={tools}>
      <Suspense fallback={<Waiting lines={6} />}>
        <Plot drawing={drawing} label={title} {...(at === undefined ? {} : { at })} />
      </Suspense>
    </ChartFrame>
  );
}

/** Bars have no ends to stand at: their names stand above them. */
function Legend({ series }: { series: Drawing["series"] }) {
  const { mode } = usePreferences();
  return (
    <ul className="legend">
      {series.map(({ name, dashed }, at) => (
        <li key={name}>
          <i aria-hidden="true" style={{ background: dashed ? tokens[mode].lineStrong : tokens[mode].series[at] }} />
          {name}
        </li>
      ))}
    </ul>
  );
}
