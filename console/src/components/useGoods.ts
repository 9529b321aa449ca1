import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { listProducts } from "@/api/products-list";
import { useSettled } from "@/lib/useSettled";

/** Names of goods to choose from, found by what is typed. */
export function useGoods() {
  const [text, setText] = useState("");
  const query = useSettled(text);
  const products = useQuery({ queryKey: ["products", query, 100], queryFn: () => listProducts({ limit: 100, ...(query ? { query } : {}) }), staleTime: 60_000 });
  const items = products.data?.items ?? [];
  const options = {
    skus: items.flatMap((product) => product.skus.map((sku) => ({ value: sku.sku, label: `${product.name} · ${sku.sku}` }))),
    categories: unique(items.flatMap((product) => product.category ?? [])),
    brands: unique(items.flatMap((product) => product.brand ?? [])),
    shops: unique(items.flatMap((product) => product.shop ?? [])),
    tags: unique(items.flatMap((product) => product.tags ?? [])),
  };
  return { options, search: setText };
}

const unique = (words: string[]) => [...new Set(words)].sort().map((word) => ({ value: word, label: word }));
