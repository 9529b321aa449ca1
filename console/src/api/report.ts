import { answer, client } from "./client";
import type { components } from "./published";
import type { Report } from "./types";

/** A period is always asked for. */
export type ReportQuery = components["schemas"]["ReportQuery"] & { from: string; to: string };

/** Ask for a report; money comes in minor units of the one currency that is filtered on. */
export async function queryReport(body: ReportQuery, signal?: AbortSignal): Promise<Report> {
  const report = await answer(client.POST("/api/v1/reports/query", { body, signal }));
  // The document says "any" of a cell: it is a word, a number or nothing.
  return { ...report, rows: report.rows as Report["rows"] };
}
