import { answer, client } from "./client";
import type { EventSchemaDetail } from "./types";

/** What holds for one event: the shipped schema and the shop's own. */
export const getEventSchema = (event: string): Promise<EventSchemaDetail> => answer(client.GET("/api/v1/schemas/events/{event}", { params: { path: { event } } }));
