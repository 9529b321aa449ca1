import { answer, client } from "./client";
import type { FlashSaleBooks } from "./types";

/** A session's pieces in the ledger beside what the log and the orders tell. */
export const reconcileFlashSale = (id: string, session: string, signal?: AbortSignal): Promise<FlashSaleBooks> =>
  answer(client.GET("/api/v1/flash-sales/{id}/reconciliation", { params: { path: { id }, query: { session } }, signal }));
