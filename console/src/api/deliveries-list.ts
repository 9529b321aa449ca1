import { answer, client } from "./client";
import type { Delivery, Page } from "./types";

/** What webhooks were sent and how it went, newest first. */
export const listDeliveries = (query: { limit?: number; cursor?: string }): Promise<Page<Delivery>> =>
  answer(client.GET("/api/v1/webhook-deliveries", { params: { query } }));
