import { answer, client } from "./client";
import type { Report } from "./types";

export interface ReportQuery {
  metrics: string[];
  dimensions?: string[];
  filters?: Record<string, string[]>;
  from: string;
  to: string;
  granularity?: string;
  timezone?: string;
  order?: string[];
  limit?: number;
}

/** Ask for a report; money comes in minor units of the one currency that is filtered on. */
export const queryReport = (body: ReportQuery, signal?: AbortSignal): Promise<Report> =>
  answer(client.POST("/api/v1/reports/query", { body: { ...body }, signal }));
