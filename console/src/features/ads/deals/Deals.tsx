import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useDelivery } from "@/api/deal-delivery";
import { useNames } from "@/api/documents/all";
import type { DealDocument, Item } from "@/api/types";
import { DocumentList } from "@/components/DocumentList";
import { Go } from "@/components/Go";
import { StateTag } from "@/components/StateTag";
import type { Column } from "@/components/Table";
import { useMoves } from "@/components/useMoves";
import { count, DASH, money, percent } from "@/lib/numbers";

/** What is agreed beside the open auction, and how much of a promise is kept. */
export function Deals({ create }: { create: ReactNode }) {
  const { t } = useTranslation();
  const { moveAll } = useMoves({ kind: "deals", words: "deals" });
  const placements = useNames("placements");
  const campaigns = useNames("campaigns");
  const advertisers = useNames("advertisers");
  const list = (ids: string[] = [], names: Map<string, string>) => ids.map((id) => names.get(id) ?? id).join(", ");
  const buyer = ({ campaign, advertisers: ids }: DealDocument) => (campaign ? (campaigns.get(campaign) ?? campaign) : list(ids, advertisers));
  const columns: Column<Item<DealDocument>>[] = [
    { id: "name", title: t("deals.fields.name"), value: (item) => item.document.name, cell: (item) => <Go to={`/ads/deals/${item.id}`}>{item.document.name}</Go> },
    { id: "id", title: t("deals.id"), help: t("deals.idHelp"), value: (item) => item.id, cell: (item) => <code>{item.id}</code> },
    { id: "state", title: t("table.state"), value: (item) => item.state, cell: (item) => <StateTag state={item.state} /> },
    { id: "kind", title: t("deals.fields.kind"), value: (item) => item.document.kind, cell: (item) => t(`deals.kinds.${item.document.kind}`) },
    { id: "buyer", title: t("deals.buyer"), value: (item) => buyer(item.document), cell: (item) => buyer(item.document) || t("deals.anybody") },
    { id: "placements", title: t("deals.fields.placements"), value: (item) => list(item.document.placements, placements), cell: (item) => list(item.document.placements, placements) || t("deals.everywhere") },
    { id: "days", title: t("deals.days"), value: (item) => item.document.from_day ?? "", cell: (item) => daysOf(item.document) },
    { id: "cpm", title: t("deals.fields.cpm_minor"), numeric: true, value: (item) => item.document.cpm_minor, cell: (item) => money(item.document.cpm_minor, item.document.currency) },
    { id: "promised", title: t("deals.fields.impressions"), numeric: true, value: (item) => item.document.impressions ?? null, cell: (item) => count(item.document.impressions) },
    { id: "kept", title: t("deals.kept"), help: t("deals.help.kept"), numeric: true, cell: (item) => <Kept item={item} /> },
  ];
  return <DocumentList kind="deals" caption={t("ads.tabs.deals")} columns={columns} none={t("deals.none")} create={create} moveAll={moveAll} />;
}

const daysOf = ({ from_day: from, to_day: to }: DealDocument) => (from || to ? `${from ?? ""} – ${to ?? ""}` : DASH);

/** Only a promise is kept: what bids from a price on has nothing to deliver. */
function Kept({ item }: { item: Item<DealDocument> }) {
  const delivery = useDelivery(item.id, item.document.kind === "guaranteed").data;
  return delivery?.impressions ? percent(delivery.shown / delivery.impressions) : DASH;
}
