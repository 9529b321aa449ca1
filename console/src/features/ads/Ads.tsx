import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
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
import { BidCell } from "./BidCell";
import { METRICS, UNITS } from "./metrics";
import { useMoves } from "./moves";
import { Placements } from "./Placements";

/** All campaigns with what they cost and bring, and the placements they stand on. */
export function Ads() {
  const { t } = useTranslation();
  const go = useGo();
  const [tab] = useParameter("tab", "campaigns");
  const placements = tab === "placements";
  const create = useMayWrite() && (
    <Button type="primary" onClick={() => go(placements ? "/ads/placements/new" : "/ads/new")}>
      {t(placements ? "placements.create" : "ads.create")}
    </Button>
  );
  return (
    <Page title={t("stages.ads")} action={create} tabs={["campaigns", "placements"].map((id) => ({ id, label: t(`ads.tabs.${id}`) }))}>
      {placements ? <Placements create={create} /> : <Campaigns create={create} />}
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
  const figures = useFigureColumns<Item<CampaignDocument>>("campaign", METRICS, UNITS);
  return [
    { id: "name", title: t("ads.fields.name"), value: (item) => item.document.name, cell: (item) => <Go to={`/ads/${item.id}`}>{item.document.name}</Go> },
    { id: "state", title: t("table.state"), value: (item) => item.state, cell: (item) => <StateTag state={item.state} /> },
    { id: "bid", title: t("ads.fields.bid_minor"), help: t("ads.help.bid"), numeric: true, value: (item) => item.document.bid_minor, cell: (item) => <BidCell item={item} /> },
    { id: "budget", title: t("ads.fields.daily_budget_minor"), numeric: true, value: (item) => item.document.daily_budget_minor, cell: (item) => money(item.document.daily_budget_minor, item.document.currency) },
    ...figures,
    { id: "advertiser", title: t("ads.fields.advertiser"), optional: true, value: (item) => item.document.advertiser, cell: (item) => item.document.advertiser },
  ];
}
