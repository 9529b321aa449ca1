import { answer, client } from "./client";
import type { Page } from "./types";

/** People whose id holds the text. */
export const listProfiles = (query: { query?: string; limit?: number; cursor?: string }): Promise<Page<Record<string, unknown>>> =>
  answer(client.GET("/api/v1/profiles", { params: { query } }));
