import { answer, client } from "./client";
import type { Invoice } from "./types";

/** What a month (`2026-11`) of an advertiser's ads cost, by campaign. */
export const getInvoice = (id: string, month: string, signal?: AbortSignal): Promise<Invoice> =>
  answer(client.GET("/api/v1/advertisers/{id}/invoice", { params: { path: { id }, query: { month } }, signal }));
