import { answer, client } from "./client";
import type { BadRowGroup, Page } from "./types";

/** What was refused, grouped by source, event and reason. */
export const listBadRowGroups = (): Promise<Page<BadRowGroup>> => answer(client.GET("/api/v1/bad-rows/groups"));
