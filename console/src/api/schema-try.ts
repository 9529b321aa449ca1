import { answer, client } from "./client";
import type { EventSchemaDocument, SchemaTrial } from "./types";

/** What a schema would do to a sample. A question: nothing is written. */
export const trySchema = (document: EventSchemaDocument, sample: unknown, signal?: AbortSignal): Promise<SchemaTrial> =>
  answer(client.POST("/api/v1/schemas/events/check", { body: { document, sample }, signal }));
