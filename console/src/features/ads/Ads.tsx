import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import { useDocuments } from "@/api/documents/hooks";
import { numeric } from "@/api/figures";
import { useFigures } from "@/api/figures-hook";
import { useMayWrite } from "@/api/session-hook";
import type { CampaignDocument, Item } from "@/api/types";
import { Go } from "@/components/Go";
import { Choice } from "@/components/Choice";
import { useSettled } from "@/lib/useSettled";
import { Page } from "@/components/Page";
import { StateTag } from "@/components/StateTag";
import { Empty, Loaded } from "@/components/states";
import { type Column, Table } from "@/components/Table";
import { BulkBar, useBulk } from "@/components/useBulk";
import { exact, money, unitOf } from "@/lib/numbers";
import { useGo, useParameter } from "@/lib/url";
import { BidCell } from "./BidCell";
import { METRICS, UNITS } from "./metrics";
import { useMoves } from "./moves";

const STATES = ["all", "live", "draft", "paused", "archived"] as const;

/** All campaigns with what they cost and bring. */
export function Ads() {
  const { t } = useTranslation();
  const go = useGo();
  const mayWrite = useMayWrite();
  const [state, setState] = useParameter("state", "all");
  const [text, setText] = useParameter("q", "");
  const query = useSettled(text);
  const list = useDocuments("campaigns", { limit: 200, ...(state === "all" ? {} : { state }), ...(query ? { query } : {}) });
  const bulk = useBulk();
  const { moveAll } = useMoves();
  const columns = useColumns();
  const create = mayWrite && (
    <Button type="primary" onClick={() => go("/ads/new")}>
      {t("ads.create")}
    </Button>
  );
  return (
    <Page title={t("stages.ads")} action={create}>
      <Loaded query={list}>
        {(page) => (
          <Table
            name="campaigns"
            caption={t("stages.ads")}
            columns={columns}
            rows={page.items}
            rowKey={(item) => item.id}
            {...(mayWrite ? { selection: { chosen: bulk.chosen, onChange: bulk.onChange } } : {})}
            empty={<Empty action={create}>{t(state === "all" && !query ? "ads.none" : "table.noMatch")}</Empty>}
            tools={
              <>
                <Choice label={t("table.state")} value={state} onChange={setState} options={STATES.map((value) => ({ value: value as string, label: t(`states.${value}`) }))} />
                <Input.Search size="small" allowClear style={{ width: 200 }} aria-label={t("table.search")} placeholder={t("table.search")} value={text} onChange={(event) => setText(event.target.value)} />
              </>
            }
          />
        )}
      </Loaded>
      <BulkBar count={bulk.chosen.size} onClear={bulk.clear}>
        {(["publish", "pause", "archive"] as const).map((to) => (
          <Button key={to} size="small" onClick={() => moveAll([...bulk.chosen], to, bulk.clear)}>
            {t(`act.${to}`)}
          </Button>
        ))}
      </BulkBar>
      <AskWhy />
    </Page>
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
  const { currency } = useCurrency();
  const figures = useFigures({ metrics: METRICS, dimensions: ["campaign"] }, "now", 5000);
  const rows = new Map(figures.data?.rows.map((row) => [String(row.campaign), row]));
  const metric = (name: string): Column<Item<CampaignDocument>> => ({
    id: name,
    title: t(`metrics.${name}`),
    help: t(`definitions.${name}`),
    numeric: true,
    value: (item) => numeric(rows.get(item.id), name),
    cell: (item) => exact(numeric(rows.get(item.id), name), unitOf(name, UNITS[name]), currency),
  });
  return [
    { id: "name", title: t("ads.fields.name"), value: (item) => item.document.name, cell: (item) => <Go to={`/ads/${item.id}`}>{item.document.name}</Go> },
    { id: "state", title: t("table.state"), value: (item) => item.state, cell: (item) => <StateTag state={item.state} /> },
    { id: "bid", title: t("ads.fields.bid_minor"), help: t("ads.help.bid"), numeric: true, value: (item) => item.document.bid_minor, cell: (item) => <BidCell item={item} /> },
    { id: "budget", title: t("ads.fields.daily_budget_minor"), numeric: true, value: (item) => item.document.daily_budget_minor, cell: (item) => money(item.document.daily_budget_minor, item.document.currency) },
    ...METRICS.map(metric),
    { id: "advertiser", title: t("ads.fields.advertiser"), optional: true, value: (item) => item.document.advertiser, cell: (item) => item.document.advertiser },
  ];
}
