import { answer, client } from "./client";
import type { Page, StoredEvent } from "./types";

export interface EventsQuery {
  message_id?: string;
  after?: number;
  limit?: number;
  event?: string;
  cursor?: string;
}

/** Stored events: the newest, those after an offset, or those of one message id. */
export async function listEvents(query: EventsQuery): Promise<Page<StoredEvent>> {
  const page = await answer(client.GET("/api/v1/events", { params: { query } }));
  return { ...page, items: page.items.map((event) => ({ ...event, offset: event.offset ?? 0 })) };
}
