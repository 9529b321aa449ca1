import { type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { usePhone } from "@/lib/usePhone";
import type { Column } from "./Table";

/** So many rows are drawn, or left out, together. */
const CHUNK = 20;
/** Shorter tables are drawn whole. */
const WHOLE_MAX = 60;
/** How far beyond the edge rows are drawn already, so that scrolling finds them there. */
export const AHEAD = "600px 0px";
/** The height of a row until one has been seen; on a phone it is a card. */
const ROW_PX = { desk: 32, phone: 200 };

export interface Selection {
  chosen: ReadonlySet<string>;
  onChange: (chosen: ReadonlySet<string>) => void;
}

interface Props<T> {
  rows: T[];
  columns: Column<T>[];
  rowKey: (row: T) => string;
  selection?: Selection | undefined;
}

export const isLong = (rows: readonly unknown[]) => rows.length > WHOLE_MAX;

/** The rows of a table. Of a long one only those are in the page that can be seen or soon will be. */
export function TableBody<T>(props: Props<T>) {
  const { rows } = props;
  const phone = usePhone();
  if (!isLong(rows)) return <tbody>{rows.map((row) => <Row key={props.rowKey(row)} row={row} {...props} />)}</tbody>;
  const starts = Array.from({ length: Math.ceil(rows.length / CHUNK) }, (_, at) => at * CHUNK);
  return starts.map((start) => <Chunk key={`${start}${phone}`} {...props} phone={phone} start={start} rows={rows.slice(start, start + CHUNK)} />);
}

/** Some rows on end: there while they are near what is seen, else a gap as high as they were. */
function Chunk<T>({ start, phone, ...props }: Props<T> & { start: number; phone: boolean }) {
  const { rows, columns, selection } = props;
  const box = useRef<HTMLTableSectionElement>(null);
  const [near, setNear] = useState(start < 2 * CHUNK);
  const [rowPx, setRowPx] = useState(phone ? ROW_PX.phone : ROW_PX.desk);
  const many = rows.length;
  useEffect(() => {
    const body = box.current;
    if (!body) return;
    // Where the page is slow several sightings come at once: the last one holds.
    const watch = new IntersectionObserver((sightings) => {
      const last = sightings.at(-1);
      if (last && !last.isIntersecting) setRowPx(last.boundingClientRect.height / many);
      setNear(last?.isIntersecting ?? false);
    }, { root: phone ? null : scrollerOf(body), rootMargin: AHEAD });
    watch.observe(body);
    return () => watch.disconnect();
  }, [phone, many]);
  return (
    <tbody ref={box}>
      {near ? (
        rows.map((row, at) => <Row key={props.rowKey(row)} row={row} number={start + at + 2} {...props} />)
      ) : (
        <tr className="gap" aria-hidden="true" style={{ height: many * rowPx }}>
          <td colSpan={columns.length + (selection ? 1 : 0)} />
        </tr>
      )}
    </tbody>
  );
}

/** On a desk a table scrolls in its box; on a phone it goes with the page. */
export const scrollerOf = (part: HTMLElement): Element | null => part.closest(".table-scroll");

function Row<T>({ row, number, columns, rowKey, selection }: Omit<Props<T>, "rows"> & { row: T; number?: number }) {
  return (
    <tr aria-rowindex={number}>
      {selection && <SelectOne id={rowKey(row)} {...selection} />}
      {columns.map((column) => (
        <Cell key={column.id} column={column} shown={column.cell(row)} />
      ))}
    </tr>
  );
}

/** Plain words that a narrow column may cut off are said in full on hover. */
function Cell<T>({ column, shown }: { column: Column<T>; shown: ReactNode }) {
  return (
    <td data-label={column.title} className={column.numeric ? "num" : undefined} title={typeof shown === "string" ? shown : undefined}>
      {shown}
    </td>
  );
}

export function SelectAll({ keys, chosen, onChange }: Selection & { keys: string[] }) {
  const { t } = useTranslation();
  const all = keys.length > 0 && keys.every((key) => chosen.has(key));
  return (
    <th scope="col" className="pick">
      <Tick label={t("table.selectAll")} checked={all} onChange={() => onChange(new Set(all ? [] : keys))} />
    </th>
  );
}

function SelectOne({ id, chosen, onChange }: Selection & { id: string }): ReactNode {
  const { t } = useTranslation();
  const toggle = () => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    onChange(next);
  };
  return (
    <td className="pick">
      <Tick label={t("table.select")} checked={chosen.has(id)} onChange={toggle} />
    </td>
  );
}

/** The browser's own box in a target of 24 px: a thousand of them cost nothing. */
function Tick({ label, checked, onChange }: { label: string; checked: boolean; onChange: () => void }) {
  return (
    <label className="tick">
      <input type="checkbox" aria-label={label} checked={checked} onChange={onChange} />
    </label>
  );
}
