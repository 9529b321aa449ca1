import { answer, client } from "./client";
import type { Report } from "./types";

export interface ReportQuery {
  metrics: string[];
  dimensions?: string[];
  filters?: { dimension: string; op: "eq" | "ne" | "in" | "not_in" | "contains"; value: string | string[] }[];
  from: string;
  to: string;
  granularity?: "minute" | "hour" | "day" | "week" | "month";
  timezone?: string;
  order?: { by: string; direction: "asc" | "desc" }[];
  limit?: number;
}

/** Ask for a report; money comes in minor units of the one currency that is filtered on. */
export async function queryReport(body: ReportQuery, signal?: AbortSignal): Promise<Report> {
  const report = await answer(client.POST("/api/v1/reports/query", { body, signal }));
  // The document says "any" of a cell: it is a word, a number or nothing.
  return { ...report, rows: report.rows as Report["rows"] };
}
