import { answer, client } from "./client";
import type { BadRow, Page } from "./types";

/** What intake refused, newest first. */
export const listBadRows = (query: { limit?: number; cursor?: string }): Promise<Page<BadRow>> =>
  answer(client.GET("/api/v1/bad-rows", { params: { query } }));
