import { answer, client } from "./client";
import type { Page, Product } from "./types";

/** Goods of the catalogue. */
export const listProducts = (query: { query?: string; limit?: number }): Promise<Page<Product>> =>
  answer(client.GET("/api/v1/products", { params: { query } }));
