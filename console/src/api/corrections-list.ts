import { answer, client } from "./client";
import type { Correction, Page } from "./types";

/** Events that came after their bucket was closed, newest first, with what each moved. */
export const listCorrections = (query: { limit?: number; cursor?: string }): Promise<Page<Correction>> =>
  answer(client.GET("/api/v1/corrections", { params: { query } }));
