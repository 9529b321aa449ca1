import { useTranslation } from "react-i18next";
import type { FlashSaleState } from "@/api/types";
import { Empty } from "@/components/states";
import { type Column, Table } from "@/components/Table";
import { count, DASH, money, percent } from "@/lib/numbers";
import { StockBar } from "./StockBar";

type Row = FlashSaleState["items"][number];

/** Each SKU of the session. */
export function ItemsTable({ state }: { state: FlashSaleState }) {
  const { t } = useTranslation();
  const numbers = (["stock", "sold", "reserved", "left"] as const).map((name): Column<Row> => ({ id: name, title: t(name === "stock" ? "flash.fields.stock" : `flash.parts.${name}`), numeric: true, value: (row) => row[name], cell: (row) => count(row[name]) }));
  const columns: Column<Row>[] = [
    { id: "sku", title: t("flash.fields.sku"), value: (row) => row.sku, cell: (row) => row.sku },
    { id: "price", title: t("flash.fields.price_minor"), numeric: true, value: (row) => row.price_minor, cell: (row) => money(row.price_minor, state.currency) },
    ...numbers,
    { id: "share", title: t("flash.soldShare"), numeric: true, value: (row) => (row.stock ? row.sold / row.stock : null), cell: (row) => (row.stock ? percent(row.sold / row.stock) : DASH) },
    { id: "bar", title: t("flash.stock"), cell: (row) => <StockBar stock={{ ...row, taken: 0 }} /> },
    { id: "taken", title: t("flash.taken"), numeric: true, value: (row) => row.sold * row.price_minor, cell: (row) => money(row.sold * row.price_minor, state.currency) },
    { id: "limit", title: t("flash.fields.limit_per_customer"), numeric: true, value: (row) => row.limit_per_customer ?? null, cell: (row) => (row.limit_per_customer ? count(row.limit_per_customer) : t("flash.unlimited")) },
  ];
  return <Table name="flash-items" caption={t("flash.items")} columns={columns} rows={state.items} rowKey={(row) => row.sku} tools={<h2>{t("flash.items")}</h2>} empty={<Empty>{t("flash.noItems")}</Empty>} />;
}
