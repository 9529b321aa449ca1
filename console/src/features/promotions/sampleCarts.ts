import type { CartLine } from "@/api/quote";
import type { Product, PromotionDocument } from "@/api/types";

export interface Good {
  sku: string;
  name: string;
  price: number;
}

export function goodsOf(products: Product[], currency: string): Good[] {
  return products.flatMap((product) =>
    product.skus.filter((sku) => sku.currency === currency).map((sku) => ({ sku: sku.sku, name: product.name, price: sku.price_minor })),
  );
}

export const SIZES = ["small", "typical", "large"] as const;
export type Size = (typeof SIZES)[number];

/** Three carts that show the rule at work: one that falls short, one that just reaches it, one that goes beyond. */
export function sampleCarts(goods: Good[], document: PromotionDocument): Record<Size, CartLine[]> {
  const wanted = inScope(goods, document);
  const goal = goalOf(document);
  // Goods well below the threshold make a cart that people recognise.
  const byPrice = [...wanted].sort((a, b) => Math.abs(a.price - goal / 2) - Math.abs(b.price - goal / 2));
  const one = byPrice[0] ?? goods[0];
  if (!one) return { small: [], typical: [], large: [] };
  const two = byPrice.find((good) => good.name !== one.name) ?? goods.find((good) => good.sku !== one.sku);
  const three = byPrice.find((good) => good.name !== one.name && good.name !== two?.name);
  const quantity = Math.max(piecesOf(document), Math.min(99, Math.ceil((goal - (two?.price ?? 0)) / Math.max(1, one.price))), 1);
  const more = [two, three].filter((good) => good !== undefined).map((good) => ({ sku: good.sku, quantity: 1 }));
  return {
    small: [{ sku: one.sku, quantity: 1 }],
    typical: [{ sku: one.sku, quantity }, ...more.slice(0, 1)],
    large: [{ sku: one.sku, quantity: quantity * 3 }, ...more.map((line) => ({ ...line, quantity: 2 }))],
  };
}

function inScope(goods: Good[], { scope, benefit }: PromotionDocument): Good[] {
  const named = benefit.type === "price_list" ? Object.keys(benefit.prices) : (scope.skus ?? []);
  const known = goods.filter((good) => named.includes(good.sku));
  return known.length ? known : goods;
}

/** What the goods must come to before anything is given, in minor units. */
function goalOf({ benefit, condition }: PromotionDocument): number {
  const tier = benefit.type === "threshold" && benefit.measure !== "quantity" ? (benefit.tiers[0]?.at_least ?? 0) : 0;
  const every = benefit.type === "gift" ? (benefit.every_amount ?? 0) : 0;
  return Math.max(tier, every, condition.subtotal_at_least ?? 0);
}

/** How many units it takes. */
function piecesOf({ benefit, condition }: PromotionDocument): number {
  const own = {
    threshold: () => (benefit.type === "threshold" && benefit.measure === "quantity" ? (benefit.tiers[0]?.at_least ?? 1) : 1),
    nth_unit: () => (benefit.type === "nth_unit" ? benefit.percents.length : 1),
    buy_get: () => (benefit.type === "buy_get" ? benefit.buy + benefit.get : 1),
    bundle: () => (benefit.type === "bundle" ? benefit.items.reduce((sum, item) => sum + (item.quantity ?? 1), 0) : 1),
  } as Partial<Record<string, () => number>>;
  return Math.min(99, Math.max(condition.quantity_at_least ?? 1, own[benefit.type]?.() ?? 1));
}
