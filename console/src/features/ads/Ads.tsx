import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNames } from "@/api/documents/all";
import { useMayWrite } from "@/api/session-hook";
import type { CampaignDocument, Item } from "@/api/types";
import { DocumentList } from "@/components/DocumentList";
import { Go } from "@/components/Go";
import { Page } from "@/components/Page";
import { StateTag } from "@/components/StateTag";
import type { Column } from "@/components/Table";
import { useFigureColumns } from "@/components/useFigureColumns";
import { money } from "@/lib/numbers";
import { useGo, useParameter } from "@/lib/url";
import { Advertisers } from "./Advertisers";
import { BidCell } from "./BidCell";
import { METRICS, UNITS } from "./metrics";
import { useMoves } from "./moves";
import { Placements } from "./Placements";

const TABS = {
  campaigns: { to: "/ads/new", words: "ads.create", List: Campaigns },
  placements: { to: "/ads/placements/new", words: "placements.create", List: Placements },
  advertisers: { to: "/ads/advertisers/new", words: "advertisers.create", List: Advertisers },
};
type Tab = keyof typeof TABS;
const isTab = (name: string): name is Tab => name in TABS;

/** All campaigns with what they cost and bring, the placements they stand on, and who pays. */
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
    <Page title={t("stages.ads")} action={create} tabs={Object.keys(TABS).map((id) => ({ id, label: t(`ads.tabs.${id}`) }))}>
      <List create={create} />
    </Page>
  );
}

function Campaigns({ create }: { create: React.ReactNode }) {
  const { t } = useTranslation();
  const columns = useColumns();
  const { moveAll } = useMoves();
  return (
    <>
      <DocumentList kind="campaigns" caption={t("stages.ads")} columns={columns} none={t("ads.none")} create={create} moveAll={moveAll} />
      <AskWhy />
    </>
  );
}

/** The door to the auction's replay. */
function AskWhy() {
  const { t } = useTranslation();
  const go = useGo();
  const [id, setId] = useState("");
  return (
    <form
      className="card row"
      onSubmit={(event) => {
        event.preventDefault();
        if (id.trim()) go("/ads/why", { decision: id.trim() });
      }}
    >
      <label htmlFor="decision">{t("ads.why.ask")}</label>
      <Input id="decision" style={{ width: 340 }} placeholder={t("ads.why.example")} value={id} onChange={(event) => setId(event.target.value)} />
      <Button htmlType="submit">{t("ads.why.open")}</Button>
    </form>
  );
}

function useColumns(): Column<Item<CampaignDocument>>[] {
  const { t } = useTranslation();
  const payers = useNames("advertisers");
  const figures = useFigureColumns<Item<CampaignDocument>>("campaign", METRICS, UNITS);
  return [
    { id: "name", title: t("ads.fields.name"), value: (item) => item.document.name, cell: (item) => <Go to={`/ads/${item.id}`}>{item.document.name}</Go> },
    { id: "state", title: t("table.state"), value: (item) => item.state, cell: (item) => <StateTag state={item.state} /> },
    { id: "bid", title: t("ads.fields.bid_minor"), help: t("ads.help.bid"), numeric: true, value: (item) => item.document.bid_minor, cell: (item) => <BidCell item={item} /> },
    { id: "budget", title: t("ads.fields.daily_budget_minor"), numeric: true, value: (item) => item.document.daily_budget_minor, cell: (item) => money(item.document.daily_budget_minor, item.document.currency) },
    ...figures,
    { id: "advertiser", title: t("ads.fields.advertiser"), optional: true, value: (item) => item.document.advertiser, cell: (item) => payers.get(item.document.advertiser) ?? item.document.advertiser },
  ];
}
