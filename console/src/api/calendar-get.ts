import { answer, client } from "./client";
import type { PromotionCalendar } from "./types";

/** What runs within a time, and where two promotions meet on the same goods. */
export const getCalendar = (from: string, until: string, signal?: AbortSignal): Promise<PromotionCalendar> =>
  answer(client.GET("/api/v1/promotions/calendar", { params: { query: { from, until } }, signal }));
