/** Creatives made of goods: one each, with its name and the way to its page. */

import type { Creative } from "@/api/types";

export const SKU = "{sku}";
const ID_MAX = 999;

/** Where a click on an ad of a SKU leads. */
export const linkTo = (pattern: string, sku: string): string => pattern.replaceAll(SKU, encodeURIComponent(sku));

/** The pattern of product pages that earlier creatives show: the latest whose link has its SKU in it. */
export function patternOf(creatives: Creative[]): string | null {
  const found = creatives.find(({ sku, landing_url }) => sku && landing_url.includes(encodeURIComponent(sku)));
  return found?.sku ? found.landing_url.replaceAll(encodeURIComponent(found.sku), SKU) : null;
}

/** A creative for each SKU; those that are there already stay as they were written, and so do those of no SKU that say something. */
export function forGoods(skus: string[], before: Creative[], pattern: string, nameOf: (sku: string) => string): Creative[] {
  const own = before.filter(({ sku, title }) => !sku && title !== "");
  const free = freeIds(before);
  const made = skus.map((sku): Creative => before.find((one) => one.sku === sku) ?? { id: free.next().value ?? sku, title: nameOf(sku).slice(0, 200), landing_url: linkTo(pattern, sku), sku });
  const all = [...own, ...made];
  return all.length ? all : [{ id: "c1", title: "", landing_url: "/" }];
}

function* freeIds(before: Creative[]): Generator<string> {
  const taken = new Set(before.filter(({ sku, title }) => sku || title).map(({ id }) => id));
  for (let number = 1; number <= ID_MAX; number += 1) if (!taken.has(`c${number}`)) yield `c${number}`;
}
