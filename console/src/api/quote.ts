import { answer, client } from "./client";
import type { components } from "./published";
import type { Quote } from "./types";

/** A line of a sample cart, whose price the catalogue knows. */
export type CartLine = Required<Pick<components["schemas"]["CartLine"], "sku" | "quantity">>;
export type QuoteQuestion = components["schemas"]["QuoteRequest"];

/** Price a cart. A pure question: nothing is reserved. */
export const quoteCart = (question: QuoteQuestion, signal?: AbortSignal): Promise<Quote> =>
  answer(client.POST("/api/v1/promotions/quote", { body: question, signal }));
