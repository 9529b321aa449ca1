import { DownloadOutlined, LineChartOutlined, TableOutlined } from "@ant-design/icons";
import { lazy, type ReactNode, Suspense, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { usePreferences } from "@/lib/preferences";
import { tokens } from "@/lib/theme";
import { save, toCsv } from "@/lib/csv";
import { Actions, Popup } from "../Popup";
import { Waiting } from "../states";
import type { Drawing } from "./option";
import { savePng, saveSvg } from "./picture";

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

/** A chart that can also be read as a table and saved as PNG, SVG or CSV. */
export function Chart({ title, name, axis, drawing, note, tools, at }: Props) {
  const { t } = useTranslation();
  const [asTable, setAsTable] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const rows = drawing.labels.map((label, at) => [label, ...drawing.series.map((series) => series.values[at] ?? null)]);
  const header = [axis, ...drawing.series.map((series) => series.name)];
  const files: Record<string, () => void> = {
    png: () => box.current && savePng(box.current, name),
    svg: () => box.current && saveSvg(box.current, name),
    csv: () => save(`${name}.csv`, "text/csv;charset=utf-8", toCsv([header, ...rows])),
  };
  const choices = (asTable ? ["csv"] : ["png", "svg", "csv"]).map((key) => ({ key, label: key.toUpperCase(), run: () => files[key]?.() }));
  const other = asTable ? t("chart.asChart") : t("chart.asTable");
  return (
    <figure className="chart" ref={box}>
      <figcaption>
        <h2>{title}</h2>
        {note}
        {!asTable && drawing.kind === "bar" && drawing.series.length > 1 && <Legend names={drawing.series.map((one) => one.name)} />}
        <button type="button" className="icon" aria-label={other} title={other} onClick={() => setAsTable(!asTable)}>
          {asTable ? <LineChartOutlined /> : <TableOutlined />}
        </button>
        <Popup label={t("chart.save")} icon={<DownloadOutlined />}>
          {(close) => <Actions choices={choices} close={close} />}
        </Popup>
      </figcaption>
      {tools}
      {asTable ? (
        <ChartTable header={header} rows={rows} format={drawing.format} />
      ) : (
        <Suspense fallback={<Waiting lines={6} />}>
          <Plot drawing={drawing} label={title} {...(at === undefined ? {} : { at })} />
        </Suspense>
      )}
    </figure>
  );
}

/** Bars have no ends to stand at: their names stand above them. */
function Legend({ names }: { names: string[] }) {
  const { mode } = usePreferences();
  return (
    <ul className="legend">
      {names.map((name, at) => (
        <li key={name}>
          <i aria-hidden="true" style={{ background: tokens[mode].series[at] }} />
          {name}
        </li>
      ))}
    </ul>
  );
}

function ChartTable({ header, rows, format }: { header: string[]; rows: (string | number | null)[][]; format: (value: number) => string }) {
  const { t } = useTranslation();
  return (
    <div className="table-scroll plot" tabIndex={0} role="group" aria-label={t("chart.asTable")}>
      <table>
        <thead>
          <tr>
            {header.map((title, at) => (
              <th key={title} scope="col" className={at ? "num" : undefined}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={String(row[0])}>
              {row.map((value, at) => (
                <td key={header[at]} data-label={header[at]} className={at ? "num" : undefined}>
                  {typeof value === "number" ? format(value) : (value ?? "—")}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
