import { useQuery } from "@tanstack/react-query";
import { listProducts } from "@/api/products-list";

export interface SkuPrice {
  price: number;
  cost: number | null;
  currency: string;
}

/** What a SKU costs by the catalogue, and what it cost the shop; undefined until it is known. */
export function useSkuPrice(sku: string): SkuPrice | undefined {
  const found = useQuery({ queryKey: ["products", "sku", sku], queryFn: () => listProducts({ limit: 20, query: sku }), enabled: sku !== "", staleTime: 60_000 });
  const one = found.data?.items.flatMap((product) => product.skus).find((candidate) => candidate.sku === sku);
  return one && { price: one.price_minor, cost: one.cost_minor ?? null, currency: one.currency };
}
