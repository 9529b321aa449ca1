import { useAllDocuments } from "@/api/documents/all";
import type { Known } from "./blocks";

/** What is live in the shop, for new blocks to name; the goods' address as the last page has it. */
export function useKnown(): Known & { isReady: boolean } {
  const batches = useAllDocuments("coupon-batches", { state: "live" });
  const promotions = useAllDocuments("promotions", { state: "live" });
  const pages = useAllDocuments("landing-pages");
  return {
    batches: (batches.data ?? []).map((item) => item.id),
    promotions: (promotions.data ?? []).filter((item) => !item.document.code_batch).map((item) => item.id),
    sales: [],
    goodsUrl: (pages.data ?? []).map((item) => item.document.goods_url).find(Boolean) ?? null,
    isReady: !batches.isPending && !promotions.isPending && !pages.isPending,
  };
}
