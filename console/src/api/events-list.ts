import { answer, client } from "./client";
import type { Page, StoredEvent } from "./types";

/** Stored events: the newest, those after an offset, or those of one message id. */
export const listEvents = (query: { message_id?: string; after?: number; limit?: number; event?: string }): Promise<Page<StoredEvent>> =>
  answer(client.GET("/api/v1/events", { params: { query } }));
