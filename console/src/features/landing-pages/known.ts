import { useQuery } from "@tanstack/react-query";
import { useAllDocuments } from "@/api/documents/all";
import { listFlashSales } from "@/api/flash-sales-list";
import type { Known } from "./blocks";

/** What is live in the shop, for new blocks to name; addresses of the shop as the last page has them. */
export function useKnown(): Known & { isReady: boolean } {
  const batches = useAllDocuments("coupon-batches", { state: "live" });
  const promotions = useAllDocuments("promotions", { state: "live" });
  const pages = useAllDocuments("landing-pages");
  const sales = useQuery({ queryKey: ["flash-sales", "live"], queryFn: () => listFlashSales("live"), staleTime: 10_000 });
  const last = (pages.data ?? []).map((item) => item.document);
  return {
    // A default is not spelt out: coupons of customers can be claimed unless the batch says no.
    batches: (batches.data ?? []).filter(({ document: { personal } }) => personal && (personal.claimable as boolean | undefined) !== false).map((item) => item.id),
    promotions: (promotions.data ?? []).filter((item) => !item.document.code_batch).map((item) => item.id),
    sales: (sales.data ?? []).map((sale) => sale.id),
    goodsUrl: last.map((page) => page.goods_url).find(Boolean) ?? null,
    signInUrl: last.map((page) => page.sign_in_url).find(Boolean) ?? null,
    isReady: ![batches, promotions, pages, sales].some((query) => query.isPending),
  };
}
