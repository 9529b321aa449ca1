/** Reports as figures: money asked in one currency, the rest without, joined by their dimensions. */

import { queryReport, type ReportQuery } from "./report";
import type { Report } from "./types";

/** What ads did: always in their campaign's currency, so they can be asked beside money. */
const OF_ADS = new Set(["impressions", "clicks", "ctr", "conversions", "cvr"]);

/** Metrics that only mean something within one currency, and those counted over the same lines. */
const MONEY = new Set([
  "gross", "credit_notes", "invalid_refunds", "net", "gmv", "discount", "discount_rate", "aov", "cost", "cpc", "revenue_attributed", "roas", "roi", "orders", "units", "invoices", "credit_note_count",
]);

/** Whether a metric is asked in one currency. */
export const inCurrency = (metric: string): boolean => MONEY.has(metric);

export interface FigureQuery {
  metrics: string[];
  dimensions?: string[];
  filters?: Record<string, string[]>;
  from: string;
  to: string;
  granularity?: ReportQuery["granularity"];
  timezone?: string;
  currency: string;
  limit?: number;
}

export type Figure = Record<string, string | number | null>;

export interface Figures {
  rows: Figure[];
  /** Up to when everything is in, RFC 3339. */
  watermark: string | null;
  columns: Report["columns"];
}

type Filter = NonNullable<ReportQuery["filters"]>[number];

/** The answer as objects, one a combination of dimensions. */
export async function queryFigures(query: FigureQuery, signal?: AbortSignal): Promise<Figures> {
  const { currency, metrics, filters: asked = {}, ...rest } = query;
  const filters = Object.entries(asked).map(([dimension, value]): Filter => ({ dimension, op: "in", value }));
  const anyMoney = metrics.some((name) => MONEY.has(name));
  const money = metrics.filter((name) => MONEY.has(name) || (anyMoney && OF_ADS.has(name)));
  const plain = metrics.filter((name) => !money.includes(name));
  const byCurrency = rest.dimensions?.includes("currency");
  const moneyFilters = byCurrency ? filters : [...filters, { dimension: "currency", op: "eq", value: currency } satisfies Filter];
  const reports = await Promise.all([
    ...(money.length ? [queryReport({ ...rest, metrics: money, filters: moneyFilters }, signal)] : []),
    ...(plain.length ? [queryReport({ ...rest, metrics: plain, filters }, signal)] : []),
  ]);
  return join(reports, metrics);
}

/** Join reports that share their dimensions. */
export function join(reports: Report[], metrics: string[]): Figures {
  const rows = new Map<string, Figure>();
  const columns = new Map<string, Report["columns"][number]>();
  for (const report of reports) {
    const dimensions = report.columns.filter((column) => column.kind === "dimension").map((column) => column.name);
    for (const column of report.columns) columns.set(column.name, column);
    for (const values of report.rows) {
      const figure = Object.fromEntries(report.columns.map((column, at) => [column.name, values[at] ?? null]));
      const key = JSON.stringify(dimensions.map((name) => figure[name]));
      rows.set(key, { ...rows.get(key), ...figure });
    }
  }
  const order = (name: string) => metrics.indexOf(name);
  const watermarks = reports.flatMap((report) => (report.watermark ? [report.watermark] : [])).sort();
  return {
    rows: [...rows.values()],
    watermark: watermarks[0] ?? null,
    columns: [...columns.values()].sort((a, b) => order(a.name) - order(b.name)),
  };
}

/** A figure's value as a number, or null. */
export function numeric(figure: Figure | undefined, name: string): number | null {
  const value = figure?.[name];
  return typeof value === "number" ? value : null;
}
