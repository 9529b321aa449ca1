import { Button } from "antd";
import { DownloadOutlined, SettingOutlined } from "@ant-design/icons";
import { type CSSProperties, type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { save, toCsv } from "@/lib/csv";
import { usePhone } from "@/lib/usePhone";
import { useParameter } from "@/lib/url";
import { Chooser } from "./Chooser";
import { Popup } from "./Popup";
import { AHEAD, isLong, scrollerOf, SelectAll, type Selection, TableBody } from "./TableBody";

export interface Column<T> {
  id: string;
  title: string;
  /** What it means, on hover. */
  help?: string;
  cell: (row: T) => ReactNode;
  /** The value to sort by and to write into files. */
  value?: (row: T) => string | number | null;
  numeric?: boolean;
  /** Hidden until someone chooses it. */
  optional?: boolean;
  /** Of its column on a desk, in pixels. Where one column says so, those that do not share what is left. */
  width?: number;
}

const PICK_PX = 40;
/** What a column without a width has at least. */
const LEAST_PX = 160;

interface Props<T> {
  name: string;
  caption: string;
  columns: Column<T>[];
  rows: T[];
  rowKey: (row: T) => string;
  empty?: ReactNode;
  selection?: Selection;
  tools?: ReactNode;
  /** Further pages that the server still has. */
  more?: { has: boolean; busy: boolean; load: () => void };
}

/** A compact table: sorted by the address, columns remembered, saved as CSV; of a long one only what is seen is drawn; cards on a phone. */
export function Table<T>({ name, caption, columns, rows, rowKey, empty, selection, tools, more }: Props<T>) {
  const { t } = useTranslation();
  const [sort, setSort] = useParameter(`${name}.sort`, "");
  const [hidden, setHidden] = useState(() => rememberedColumns(name) ?? columns.filter((c) => c.optional).map((c) => c.id));
  const shown = columns.filter((column) => !hidden.includes(column.id));
  const ordered = sorted(rows, columns, sort);
  const fixed = shown.some((column) => column.width !== undefined);
  const least = shown.reduce((sum, column) => sum + (column.width ?? LEAST_PX), selection ? PICK_PX : 0);
  const choose = (next: string[]) => {
    setHidden(next);
    localStorage.setItem(`queqiao.columns.${name}`, JSON.stringify(next));
  };
  const download = () => {
    const body = ordered.map((row) => shown.map((column) => column.value?.(row) ?? null));
    save(`${name}.csv`, "text/csv;charset=utf-8", toCsv([shown.map((column) => column.title), ...body]));
  };
  return (
    <section className="table-box" aria-label={caption}>
      <div className="table-tools">
        <div className="table-tools-left">{tools}</div>
        <span className="note">{t(more?.has ? "table.rowsSoFar" : "table.rows", { count: rows.length })}</span>
        <button type="button" className="icon" aria-label={t("table.csv")} title={t("table.csv")} onClick={download}>
          <DownloadOutlined />
        </button>
        <Popup label={t("table.columns")} icon={<SettingOutlined />}>
          {() => <Chooser columns={columns} hidden={hidden} onChange={choose} />}
        </Popup>
      </div>
      {rows.length === 0 ? (
        empty
      ) : (
        <div className="table-scroll" tabIndex={0} role="group" aria-label={caption}>
          <table className={fixed ? "fixed" : undefined} style={fixed ? ({ "--least": `${least}px` } as CSSProperties) : undefined} {...(isLong(rows) ? { "aria-rowcount": more?.has ? -1 : rows.length + 1 } : {})}>
            {fixed && (
              <colgroup>
                {selection && <col style={{ width: PICK_PX }} />}
                {shown.map((column) => (
                  <col key={column.id} style={{ width: column.width }} />
                ))}
              </colgroup>
            )}
            <thead>
              <tr>
                {selection && <SelectAll keys={ordered.map(rowKey)} {...selection} />}
                {shown.map((column) => (
                  <Head key={column.id} column={column} sort={sort} onSort={setSort} />
                ))}
              </tr>
            </thead>
            <TableBody rows={ordered} columns={shown} rowKey={rowKey} selection={selection} />
          </table>
          {more?.has && <More busy={more.busy} load={more.load} byItself={isLong(rows)} />}
        </div>
      )}
    </section>
  );
}

/** The next page: by a button, and of a long table once its end comes near. */
function More({ busy, load, byItself }: { busy: boolean; load: () => void; byItself: boolean }) {
  const { t } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  const phone = usePhone();
  useEffect(() => {
    const end = box.current;
    if (!end || !byItself || busy) return;
    const watch = new IntersectionObserver((sightings) => sightings.at(-1)?.isIntersecting && load(), { root: phone ? null : scrollerOf(end), rootMargin: AHEAD });
    watch.observe(end);
    return () => watch.disconnect();
  }, [byItself, busy, load, phone]);
  return (
    <div className="table-more" ref={box}>
      <Button size="small" loading={busy} onClick={load}>
        {t("table.more")}
      </Button>
      <span className="note">{t("table.moreNote")}</span>
    </div>
  );
}

function Head<T>({ column, sort, onSort }: { column: Column<T>; sort: string; onSort: (sort: string) => void }) {
  const direction = sort === column.id ? "ascending" : sort === `-${column.id}` ? "descending" : undefined;
  const next = sort === `-${column.id}` ? column.id : `-${column.id}`;
  return (
    <th scope="col" aria-sort={direction} className={column.numeric ? "num" : undefined} title={column.help}>
      {column.value ? (
        <button type="button" onClick={() => onSort(next)}>
          {column.title}
          <span aria-hidden="true">{direction === "ascending" ? " ↑" : direction === "descending" ? " ↓" : ""}</span>
        </button>
      ) : (
        column.title
      )}
    </th>
  );
}

function rememberedColumns(name: string): string[] | null {
  try {
    return JSON.parse(localStorage.getItem(`queqiao.columns.${name}`) ?? "null") as string[] | null;
  } catch {
    return null;
  }
}

/** Made once: `localeCompare` makes one for each pair. */
const words = new Intl.Collator();

/** Rows by `column` or `-column`; rows without a value come last. */
export function sorted<T>(rows: T[], columns: Column<T>[], sort: string): T[] {
  const down = sort.startsWith("-");
  const value = columns.find((column) => column.id === sort.replace(/^-/, ""))?.value;
  if (!value) return rows;
  const keyed = rows.map((row): [T, string | number | null] => [row, value(row)]);
  return keyed.sort(([, x], [, y]) => (down && x !== null && y !== null ? -order(x, y) : order(x, y))).map(([row]) => row);
}

/** Numbers by size, all else as words; what is missing comes last. */
function order(x: string | number | null, y: string | number | null): number {
  if (x === null || y === null) return Number(x === null) - Number(y === null);
  return typeof x === "number" && typeof y === "number" ? x - y : words.compare(String(x), String(y));
}
