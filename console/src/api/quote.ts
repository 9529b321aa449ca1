import { answer, client } from "./client";
import type { PromotionDocument, Quote } from "./types";

export interface CartLine {
  sku: string;
  quantity: number;
}

export interface QuoteQuestion {
  currency: string;
  cart: { lines: (CartLine & { id: string })[] };
  promotions?: (PromotionDocument & { id: string })[];
  codes?: string[];
  customer?: { id?: string; segments?: string[] };
  channel?: string;
  now?: string;
  options?: { explain?: boolean };
}

/** Price a cart. A pure question: nothing is reserved. */
export const quoteCart = (question: QuoteQuestion, signal?: AbortSignal): Promise<Quote> =>
  answer(client.POST("/api/v1/promotions/quote", { body: { ...question }, signal }));
