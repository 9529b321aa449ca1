import { answer, client } from "./client";
import type { AuditEntry, Page } from "./types";

/** Who changed what, newest first. */
export const listAudit = (query: { limit?: number; cursor?: string }): Promise<Page<AuditEntry>> =>
  answer(client.GET("/api/v1/audit", { params: { query } }));
