import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { CouponBatchDocument, Item } from "@/api/types";
import { DocumentList } from "@/components/DocumentList";
import { Go } from "@/components/Go";
import { StateTag } from "@/components/StateTag";
import type { Column } from "@/components/Table";
import { useMoves } from "@/components/useMoves";
import { count } from "@/lib/numbers";
import { BatchFigure } from "./BatchStates";
import { CodeLookup } from "./CodeLookup";
import { timeWords } from "./words";
import "./coupons.css";

/** How many codes a batch holds. */
export const codesIn = (document: CouponBatchDocument): number => document.codes?.length ?? document.count ?? 0;

/** Batches of coupon codes, which promotions can ask for. */
export function Batches({ create }: { create: ReactNode }) {
  const { t } = useTranslation();
  const { moveAll } = useMoves({ kind: "coupon-batches", words: "batches" });
  const limit = (value: number | null) => (value === null ? t("promotion.words.unlimited") : count(value));
  const columns: Column<Item<CouponBatchDocument>>[] = [
    { id: "name", title: t("batches.fields.name"), value: (item) => item.document.name, cell: (item) => <Go to={`/promotions/batches/${item.id}`}>{item.document.name}</Go> },
    { id: "state", title: t("table.state"), value: (item) => item.state, cell: (item) => <StateTag state={item.state} /> },
    { id: "codes", title: t("batches.fields.codes"), numeric: true, value: (item) => codesIn(item.document), cell: (item) => count(codesIn(item.document)) },
    ...(["redeemed", "locked", "available", "expired", "void", "issued"] as const).map((name): Column<Item<CouponBatchDocument>> => ({ id: `is_${name}`, title: t(`coupons.states.${name}`), help: t(`coupons.stateHelp.${name}`), numeric: true, optional: name === "issued", cell: (item) => <BatchFigure id={item.id} name={name} /> })),
    { id: "each", title: t("batches.fields.uses_per_code"), numeric: true, optional: true, value: (item) => item.document.uses_per_code, cell: (item) => count(item.document.uses_per_code) },
    { id: "customer", title: t("batches.fields.uses_per_customer"), numeric: true, optional: true, value: (item) => item.document.uses_per_customer, cell: (item) => limit(item.document.uses_per_customer) },
    { id: "total", title: t("batches.fields.uses_total"), numeric: true, optional: true, value: (item) => item.document.uses_total, cell: (item) => limit(item.document.uses_total) },
    { id: "time", title: t("promotion.time"), value: (item) => item.document.starts_at, cell: (item) => timeWords(t, item.document) },
  ];
  return (
    <>
      <CodeLookup />
      <DocumentList kind="coupon-batches" caption={t("promotion.tabs.batches")} columns={columns} none={t("batches.none")} create={create} moveAll={moveAll} />
    </>
  );
}
