import { Button, Checkbox } from "antd";
import { DownloadOutlined, SettingOutlined } from "@ant-design/icons";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { save, toCsv } from "@/lib/csv";
import { useParameter } from "@/lib/url";
import { Chooser } from "./Chooser";
import { Popup } from "./Popup";

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
}

interface Props<T> {
  name: string;
  caption: string;
  columns: Column<T>[];
  rows: T[];
  rowKey: (row: T) => string;
  empty?: ReactNode;
  selection?: { chosen: ReadonlySet<string>; onChange: (chosen: ReadonlySet<string>) => void };
  tools?: ReactNode;
  /** Further pages that the server still has. */
  more?: { has: boolean; busy: boolean; load: () => void };
}

/** A compact table: sorted by the address, columns remembered, saved as CSV; cards on a phone. */
export function Table<T>({ name, caption, columns, rows, rowKey, empty, selection, tools, more }: Props<T>) {
  const { t } = useTranslation();
  const [sort, setSort] = useParameter(`${name}.sort`, "");
  const [hidden, setHidden] = useState(() => rememberedColumns(name) ?? columns.filter((c) => c.optional).map((c) => c.id));
  const shown = columns.filter((column) => !hidden.includes(column.id));
  const ordered = sorted(rows, columns, sort);
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
          <table>
            <thead>
              <tr>
                {selection && <SelectAll keys={ordered.map(rowKey)} {...selection} />}
                {shown.map((column) => (
                  <Head key={column.id} column={column} sort={sort} onSort={setSort} />
                ))}
              </tr>
            </thead>
            <tbody>
              {ordered.map((row) => (
                <tr key={rowKey(row)}>
                  {selection && <SelectOne id={rowKey(row)} {...selection} />}
                  {shown.map((column) => (
                    <td key={column.id} data-label={column.title} className={column.numeric ? "num" : undefined}>
                      {column.cell(row)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
          {more?.has && <More busy={more.busy} load={more.load} />}
        </div>
      )}
    </section>
  );
}

function More({ busy, load }: { busy: boolean; load: () => void }) {
  const { t } = useTranslation();
  return (
    <div className="table-more">
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

type Selection = NonNullable<Props<unknown>["selection"]>;

function SelectAll({ keys, chosen, onChange }: Selection & { keys: string[] }) {
  const { t } = useTranslation();
  const all = keys.length > 0 && keys.every((key) => chosen.has(key));
  return (
    <th scope="col" className="pick">
      <Checkbox aria-label={t("table.selectAll")} checked={all} onChange={() => onChange(new Set(all ? [] : keys))} />
    </th>
  );
}

function SelectOne({ id, chosen, onChange }: Selection & { id: string }) {
  const { t } = useTranslation();
  const toggle = () => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    onChange(next);
  };
  return (
    <td className="pick">
      <Checkbox aria-label={t("table.select")} checked={chosen.has(id)} onChange={toggle} />
    </td>
  );
}

function rememberedColumns(name: string): string[] | null {
  try {
    return JSON.parse(localStorage.getItem(`queqiao.columns.${name}`) ?? "null") as string[] | null;
  } catch {
    return null;
  }
}

/** Rows by `column` or `-column`; rows without a value come last. */
export function sorted<T>(rows: T[], columns: Column<T>[], sort: string): T[] {
  const down = sort.startsWith("-");
  const value = columns.find((column) => column.id === sort.replace(/^-/, ""))?.value;
  if (!value) return rows;
  return [...rows].sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    const order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y));
    return down ? -order : order;
  });
}
