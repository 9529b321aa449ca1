import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { useNames } from "@/api/documents/all";
import { useMayWrite } from "@/api/session-hook";
import type { CampaignDocument, Item } from "@/api/types";
import { DocumentList } from "@/components/DocumentList";
import { Go } from "@/components/Go";
import { Page } from "@/components/Page";
import type { Column } from "@/components/Table";
import { useFigureColumns } from "@/components/useFigureColumns";
import { useGo, useParameter } from "@/lib/url";
import { Advertisers } from "./Advertisers";
import { Deals } from "./deals/Deals";
import { METRICS, UNITS } from "./metrics";
import { CampaignBulk } from "./table/CampaignBulk";
import { MoneyCell } from "./table/MoneyCell";
import { StateCell } from "./table/StateCell";
import { useAdTabs } from "./useAdTabs";
import { Placements } from "./Placements";

const TABS = {
  campaigns: { to: "/ads/new", words: "ads.create", List: Campaigns },
  placements: { to: "/ads/placements/new", words: "placements.create", List: Placements },
  deals: { to: "/ads/deals/new", words: "deals.create", List: Deals },
  advertisers: { to: "/ads/advertisers/new", words: "advertisers.create", List: Advertisers },
};
type Tab = keyof typeof TABS;
const isTab = (name: string): name is Tab => name in TABS;

/** All campaigns with what they cost and bring, the placements they stand on, what is booked, and who pays. */
export function Ads() {
  const { t } = useTranslation();
  const go = useGo();
  const [named] = useParameter("tab", "campaigns");
  const { to, words, List } = TABS[isTab(named) ? named : "campaigns"];
  const create = useMayWrite() && (
    <Button type="primary" onClick={() => go(to)}>
      {t(words)}
    </Button>
  );
  return (
    <Page title={t("stages.ads")} action={create} tabs={useAdTabs()} tab={isTab(named) ? named : "campaigns"}>
      <List create={create} />
    </Page>
  );
}

function Campaigns({ create }: { create: React.ReactNode }) {
  const { t } = useTranslation();
  const columns = useColumns();
  return (
    <DocumentList kind="campaigns" caption={t("stages.ads")} columns={columns} none={t("ads.none")} create={create} bulk={(items, clear) => <CampaignBulk items={items} clear={clear} />} />
  );
}

function useColumns(): Column<Item<CampaignDocument>>[] {
  const { t } = useTranslation();
  const payers = useNames("advertisers");
  const figures = useFigureColumns<Item<CampaignDocument>>("campaign", METRICS, UNITS);
  return [
    { id: "name", title: t("ads.fields.name"), value: (item) => item.document.name, cell: (item) => <Go to={`/ads/${item.id}`}>{item.document.name}</Go> },
    { id: "state", title: t("table.state"), value: (item) => item.state, cell: (item) => <StateCell item={item} /> },
    { id: "bid", title: t("ads.fields.bid_minor"), help: t("ads.help.bid"), numeric: true, value: (item) => item.document.bid_minor, cell: (item) => <MoneyCell item={item} amount="bid_minor" /> },
    { id: "budget", title: t("ads.fields.daily_budget_minor"), numeric: true, value: (item) => item.document.daily_budget_minor, cell: (item) => <MoneyCell item={item} amount="daily_budget_minor" /> },
    ...figures,
    { id: "advertiser", title: t("ads.fields.advertiser"), optional: true, value: (item) => item.document.advertiser, cell: (item) => payers.get(item.document.advertiser) ?? item.document.advertiser },
  ];
}
