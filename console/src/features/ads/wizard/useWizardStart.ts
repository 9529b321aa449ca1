import { useQuery } from "@tanstack/react-query";
import { useCurrency } from "@/api/currency-hook";
import { useAllDocuments } from "@/api/documents/all";
import { listDocuments } from "@/api/documents/list";
import { useShop } from "@/api/shop-get";
import type { CampaignDocument } from "@/api/types";
import { blankCampaign } from "@/features/ads/document";
import { patternOf, SKU } from "./goods";

/** How many of the latest campaigns are looked at for what a new one probably shares with them. */
const LATEST = 20;
const PLACEMENTS_MAX = 100;

export interface WizardStart {
  document: CampaignDocument;
  /** Where product pages are. */
  pattern: string;
}

/** What a new campaign starts with: who paid last, every placement of the currency, a bid above their floors. Null until it is known. */
export function useWizardStart(): { start: WizardStart | null; error: unknown; retry: () => void } {
  const { currency, known } = useCurrency();
  const shop = useShop();
  const placements = useAllDocuments("placements", { state: "live" });
  const latest = useQuery({ queryKey: ["campaigns", "list", "latest"], queryFn: () => listDocuments("campaigns", { limit: LATEST }), staleTime: 60_000 });
  const pages = useAllDocuments("landing-pages", { state: "live" });
  const retry = () => void Promise.all([shop.refetch(), placements.refetch(), latest.refetch(), pages.refetch()]);
  const error = shop.error ?? placements.error ?? latest.error ?? pages.error;
  if (!known || !shop.data || !placements.data || !latest.data || !pages.data) return { start: null, error, retry };
  const fitting = placements.data.filter((item) => item.document.currency === currency).slice(0, PLACEMENTS_MAX);
  const before = latest.data.items.map((item) => item.document).filter((one) => one.currency === currency);
  const floor = Math.max(0, ...fitting.map((item) => item.document.floor_minor));
  const document = {
    ...blankCampaign(currency),
    advertiser: before[0]?.advertiser ?? shop.data.name,
    placements: fitting.map((item) => item.id),
    bid_minor: Math.max(100, Math.ceil(floor * 1.5)),
  };
  const pattern = patternOf(before.flatMap((one) => one.creatives)) ?? pages.data.find((item) => item.document.goods_url)?.document.goods_url ?? `/${SKU}`;
  return { start: { document, pattern }, error: null, retry };
}
