import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import { useMayWrite } from "@/api/session-hook";
import type { Item, PromotionDocument } from "@/api/types";
import { DocumentList } from "@/components/DocumentList";
import { Go } from "@/components/Go";
import { Page } from "@/components/Page";
import { StateTag } from "@/components/StateTag";
import type { Column } from "@/components/Table";
import { useFigureColumns } from "@/components/useFigureColumns";
import { usePromotionTabs } from "@/lib/usePromotionTabs";
import { nowMs } from "@/lib/clock";
import { instantText, parseInstant } from "@/lib/time";
import { useGo, useParameter } from "@/lib/url";
import { Batches } from "./Batches";
import { Calendar } from "./Calendar";
import { phaseOf } from "./document";
import { useMoves } from "./moves";
import { Points } from "./Points";
import { ruleWords, scopeWords, timeWords } from "./words";

/** What a tab makes, where it is no promotion. */
const CREATE: Record<string, [string, string]> = { batches: ["/promotions/batches/new", "batches.create"], points: ["/promotions/points/new", "programme.create"] };

/** All promotions with what each gives away, and the batches of codes. */
export function Promotions() {
  const { t } = useTranslation();
  const go = useGo();
  const [tab] = useParameter("tab", "promotions");
  const tabs = usePromotionTabs();
  const [to, words] = CREATE[tab] ?? ["/promotions/new", "promotion.create"];
  const create = useMayWrite() && (
    <Button type="primary" onClick={() => go(to)}>
      {t(words)}
    </Button>
  );
  return (
    <Page title={t("stages.promotions")} action={create} tabs={tabs} tab={tab}>
      {tab === "calendar" ? <Calendar /> : tab === "points" ? <Points create={create} /> : tab === "batches" ? <Batches create={create} /> : <List create={create} />}
    </Page>
  );
}

function List({ create }: { create: React.ReactNode }) {
  const { t } = useTranslation();
  const columns = useColumns();
  const { moveAll } = useMoves();
  return <DocumentList kind="promotions" caption={t("stages.promotions")} columns={columns} none={t("promotion.none")} create={create} moveAll={moveAll} />;
}

const UNITS = { discount: "minor" };

function useColumns(): Column<Item<PromotionDocument>>[] {
  const { t } = useTranslation();
  const { currency } = useCurrency();
  const figures = useFigureColumns<Item<PromotionDocument>>("promotion", ["orders", "discount"], UNITS);
  const rule = (item: Item<PromotionDocument>) => ruleWords(t, item.document, currency);
  const now = nowMs();
  return [
    { id: "name", title: t("promotion.fields.name"), value: (item) => item.document.name, cell: (item) => <Named item={item} /> },
    { id: "state", title: t("table.state"), width: 104, value: (item) => item.state, cell: (item) => <StateTag state={phaseOf(item.state, item.document, now)} /> },
    { id: "rule", title: t("promotion.rule"), value: rule, cell: rule },
    { id: "scope", title: t("promotion.goods"), width: 140, value: (item) => scopeWords(t, item.document), cell: (item) => scopeWords(t, item.document) },
    { id: "time", title: t("promotion.time"), width: 200, value: (item) => item.document.starts_at ?? null, cell: (item) => <span title={timeWords(t, item.document)}>{timeWords(t, item.document, now)}</span> },
    ...figures.map((column) => ({ ...column, width: 100 })),
    { id: "changed", title: t("table.changed"), width: 170, optional: true, value: (item) => item.updated_at, cell: (item) => instantText(parseInstant(item.updated_at) ?? 0) },
    { id: "by", title: t("table.by"), width: 130, optional: true, value: (item) => item.updated_by, cell: (item) => item.updated_by },
  ];
}

function Named({ item }: { item: Item<PromotionDocument> }) {
  return (
    <span title={item.document.name}>
      <Go to={`/promotions/${item.id}`}>{item.document.name}</Go>
    </span>
  );
}
