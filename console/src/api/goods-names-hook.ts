import { useQueries } from "@tanstack/react-query";
import { listProducts } from "./products-list";

export interface KnownGood {
  name: string;
  price: number;
  cost: number | null;
}

/** Name, price and cost of these SKUs, as far as the catalogue knows them. */
export function useGoodsOf(skus: string[]): Map<string, KnownGood> {
  const found = useQueries({ queries: skus.map((sku) => ({ queryKey: ["products", sku, "named"], queryFn: () => listProducts({ query: sku, limit: 20 }), staleTime: 60_000 })) });
  const known = new Map<string, KnownGood>();
  for (const { data } of found) {
    for (const product of data?.items ?? []) {
      for (const one of product.skus) known.set(one.sku, { name: product.name, price: one.price_minor, cost: one.cost_minor ?? null });
    }
  }
  return known;
}
