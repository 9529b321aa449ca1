import type { PromotionDocument } from "@/api/types";

export const LAYERS = ["price", "line", "order", "cross_shop", "coupon", "points", "shipping"] as const;
export type Layer = (typeof LAYERS)[number];

/** In which layer a promotion is reckoned: the one it names; coupon with a code; else that of its benefit. */
export function layerOf(document: Pick<PromotionDocument, "layer" | "code_batch" | "benefit">): Layer {
  const { benefit, layer } = document;
  if (layer) return layer as Layer;
  if (document.code_batch) return "coupon";
  if (benefit.type === "fixed_price" || benefit.type === "price_list") return "price";
  if (benefit.type === "nth_unit" || benefit.type === "buy_get" || benefit.type === "bundle") return "line";
  if ((benefit.type === "percent" || benefit.type === "fixed") && ((benefit.level ?? "order") !== "order" || benefit.pick)) return "line";
  if (benefit.type === "shipping") return "shipping";
  return benefit.type === "points_payment" ? "points" : "order";
}
