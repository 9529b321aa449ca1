import { Button, Input } from "antd";
import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import { useDocuments } from "@/api/documents/hooks";
import { numeric } from "@/api/figures";
import { useFigures } from "@/api/figures-hook";
import { useMayWrite } from "@/api/session-hook";
import type { Item, PromotionDocument } from "@/api/types";
import { Go } from "@/components/Go";
import { Choice } from "@/components/Choice";
import { useSettled } from "@/lib/useSettled";
import { Page } from "@/components/Page";
import { StateTag } from "@/components/StateTag";
import { Empty, Loaded } from "@/components/states";
import { type Column, Table } from "@/components/Table";
import { BulkBar, useBulk } from "@/components/useBulk";
import { exact } from "@/lib/numbers";
import { instantText, parseInstant } from "@/lib/time";
import { useGo, useParameter } from "@/lib/url";
import { useMoves } from "./moves";
import { benefitWords, scopeWords, timeWords } from "./words";

const STATES = ["all", "live", "draft", "paused", "archived"] as const;

/** All promotions with what each gives away. */
export function Promotions() {
  const { t } = useTranslation();
  const go = useGo();
  const mayWrite = useMayWrite();
  const [state, setState] = useParameter("state", "all");
  const [text, setText] = useParameter("q", "");
  const query = useSettled(text);
  const list = useDocuments("promotions", { limit: 200, ...(state === "all" ? {} : { state }), ...(query ? { query } : {}) });
  const columns = useColumns();
  const bulk = useBulk();
  const { moveAll } = useMoves();
  const create = mayWrite && (
    <Button type="primary" onClick={() => go("/promotions/new")}>
      {t("promotion.create")}
    </Button>
  );
  return (
    <Page title={t("stages.promotions")} action={create}>
      <Loaded query={list}>
        {(page) => (
          <Table
            name="promotions"
            caption={t("stages.promotions")}
            columns={columns}
            rows={page.items}
            rowKey={(item) => item.id}
            {...(mayWrite ? { selection: { chosen: bulk.chosen, onChange: bulk.onChange } } : {})}
            empty={<Empty action={create}>{t(state === "all" && !query ? "promotion.none" : "table.noMatch")}</Empty>}
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
    </Page>
  );
}

function useColumns(): Column<Item<PromotionDocument>>[] {
  const { t } = useTranslation();
  const { currency } = useCurrency();
  const figures = useFigures({ metrics: ["discount", "orders"], dimensions: ["promotion"] }, "now", 5000);
  const rows = new Map(figures.data?.rows.map((row) => [String(row.promotion), row]));
  const of = (id: string, metric: string) => numeric(rows.get(id), metric);
  return [
    { id: "name", title: t("promotion.fields.name"), value: (item) => item.document.name, cell: (item) => <Go to={`/promotions/${item.id}`}>{item.document.name}</Go> },
    { id: "state", title: t("table.state"), value: (item) => item.state, cell: (item) => <StateTag state={item.state} /> },
    { id: "rule", title: t("promotion.rule"), value: (item) => benefitWords(t, item.document.benefit, item.document.currency ?? currency), cell: (item) => benefitWords(t, item.document.benefit, item.document.currency ?? currency) },
    { id: "scope", title: t("promotion.goods"), value: (item) => scopeWords(t, item.document), cell: (item) => <span className="cut">{scopeWords(t, item.document)}</span> },
    { id: "time", title: t("promotion.time"), value: (item) => item.document.starts_at, cell: (item) => timeWords(t, item.document) },
    { id: "orders", title: t("metrics.orders"), help: t("definitions.orders"), numeric: true, value: (item) => of(item.id, "orders"), cell: (item) => exact(of(item.id, "orders"), "count", currency) },
    { id: "discount", title: t("metrics.discount"), help: t("definitions.discount"), numeric: true, value: (item) => of(item.id, "discount"), cell: (item) => exact(of(item.id, "discount"), "minor", currency) },
    { id: "changed", title: t("table.changed"), optional: true, value: (item) => item.updated_at, cell: (item) => instantText(parseInstant(item.updated_at) ?? 0) },
    { id: "by", title: t("table.by"), optional: true, value: (item) => item.updated_by, cell: (item) => item.updated_by },
  ];
}
