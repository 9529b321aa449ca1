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
import { instantText, parseInstant } from "@/lib/time";
import { useGo, useParameter } from "@/lib/url";
import { Batches } from "./Batches";
import { Calendar } from "./Calendar";
import { useMoves } from "./moves";
import { ruleWords, scopeWords, timeWords } from "./words";

/** All promotions with what each gives away, and the batches of codes. */
export function Promotions() {
  const { t } = useTranslation();
  const go = useGo();
  const [tab] = useParameter("tab", "promotions");
  const batches = tab === "batches";
  const create = useMayWrite() && (
    <Button type="primary" onClick={() => go(batches ? "/promotions/batches/new" : "/promotions/new")}>
      {t(batches ? "batches.create" : "promotion.create")}
    </Button>
  );
  return (
    <Page title={t("stages.promotions")} action={create} tabs={[...["promotions", "calendar", "batches"].map((id) => ({ id, label: t(`promotion.tabs.${id}`) })), { id: "pages", label: t("landing.pages"), to: "/promotions/pages" }]}>
      {tab === "calendar" ? <Calendar /> : batches ? <Batches create={create} /> : <List create={create} />}
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
  return [
    { id: "name", title: t("promotion.fields.name"), value: (item) => item.document.name, cell: (item) => <Go to={`/promotions/${item.id}`}>{item.document.name}</Go> },
    { id: "state", title: t("table.state"), value: (item) => item.state, cell: (item) => <StateTag state={item.state} /> },
    { id: "rule", title: t("promotion.rule"), value: rule, cell: rule },
    { id: "scope", title: t("promotion.goods"), value: (item) => scopeWords(t, item.document), cell: (item) => <span className="cut">{scopeWords(t, item.document)}</span> },
    { id: "time", title: t("promotion.time"), value: (item) => item.document.starts_at, cell: (item) => timeWords(t, item.document) },
    ...figures,
    { id: "changed", title: t("table.changed"), optional: true, value: (item) => item.updated_at, cell: (item) => instantText(parseInstant(item.updated_at) ?? 0) },
    { id: "by", title: t("table.by"), optional: true, value: (item) => item.updated_by, cell: (item) => item.updated_by },
  ];
}
