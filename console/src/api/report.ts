import { answer, client } from "./client";
import type { Report } from "./types";

export interface ReportQuery {
  metrics: string[];
  dimensions?: string[];
  filters?: { dimension: string; op: "eq" | "ne" | "in" | "not_in" | "contains"; value: string | string[] }[];
  from: string;
  to: string;
  granularity?: string;
  timezone?: string;
  order?: { by: string; direction: "asc" | "desc" }[];
  limit?: number;
}

/** Ask for a report; money comes in minor units of the one currency that is filtered on. */
export const queryReport = (body: ReportQuery, signal?: AbortSignal): Promise<Report> =>
  answer(client.POST("/api/v1/reports/query", { body: { ...body }, signal }));
