import { DownloadOutlined, LineChartOutlined, TableOutlined } from "@ant-design/icons";
import { type ReactNode, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { save, toCsv } from "@/lib/csv";
import { Actions, Popup } from "../Popup";
import { savePng, saveSvg } from "./picture";

type Cell = string | number | null;

interface Props {
  /** The answer in a sentence, not the metric's name. */
  title: string;
  /** Of the files. */
  name: string;
  /** The same as a table; each row begins with its name. */
  table: { header: string[]; rows: Cell[][] };
  /** Writes the table's numbers; its file keeps them bare. */
  format?: (value: number) => string;
  /** Beside the title. */
  note?: ReactNode;
  /** Beside the title while the drawing is shown. */
  legend?: ReactNode;
  /** What is asked, between the title and the drawing. */
  tools?: ReactNode;
  children: ReactNode;
}

/** What stands around every drawing: it can be read as a table and saved as PNG, SVG or CSV. */
export function ChartFrame({ title, name, table, format = String, note, legend, tools, children }: Props) {
  const { t } = useTranslation();
  const [asTable, setAsTable] = useState(false);
  const box = useRef<HTMLElement>(null);
  const files: Record<string, () => void> = {
    png: () => box.current && savePng(box.current, name),
    svg: () => box.current && saveSvg(box.current, name),
    csv: () => save(`${name}.csv`, "text/csv;charset=utf-8", toCsv([table.header, ...table.rows])),
  };
  const choices = (asTable ? ["csv"] : ["png", "svg", "csv"]).map((key) => ({ key, label: key.toUpperCase(), run: () => files[key]?.() }));
  const other = asTable ? t("chart.asChart") : t("chart.asTable");
  return (
    <figure className="chart" ref={box}>
      <figcaption>
        <h2>{title}</h2>
        {note}
        {!asTable && legend}
        <button type="button" className="icon" aria-label={other} title={other} onClick={() => setAsTable(!asTable)}>
          {asTable ? <LineChartOutlined /> : <TableOutlined />}
        </button>
        <Popup label={t("chart.save")} icon={<DownloadOutlined />}>
          {(close) => <Actions choices={choices} close={close} />}
        </Popup>
      </figcaption>
      {tools}
      {asTable ? <Cells {...table} format={format} label={t("chart.asTable")} /> : children}
    </figure>
  );
}

function Cells({ header, rows, format, label }: Props["table"] & { format: (value: number) => string; label: string }) {
  return (
    <div className="table-scroll plot" tabIndex={0} role="group" aria-label={label}>
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
