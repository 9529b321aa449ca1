import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { listProducts } from "@/api/products-list";
import { Field } from "@/components/Field";
import { MoneyInput, CountInput } from "@/components/inputs";
import { WordsInput } from "@/components/WordsInput";
import { useSettled } from "@/lib/useSettled";
import type { PartProps } from "./Editor";

/** Which goods count and are discounted; nothing chosen means everything. */
export function ScopeForm({ value, onChange, problem }: PartProps) {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  const query = useSettled(text);
  const products = useQuery({ queryKey: ["products", query, 100], queryFn: () => listProducts({ limit: 100, ...(query ? { query } : {}) }), staleTime: 60_000 });
  const items = products.data?.items ?? [];
  const options = {
    skus: items.flatMap((product) => product.skus.map((sku) => ({ value: sku.sku, label: `${product.name} · ${sku.sku}` }))),
    categories: unique(items.flatMap((product) => product.category ?? [])),
    brands: unique(items.flatMap((product) => product.brand ?? [])),
  };
  const { scope, condition } = value;
  return (
    <>
      {(["categories", "brands", "skus"] as const).map((name) => (
        <Field key={name} label={t(`promotion.fields.scope_${name}`)} help={name === "categories" ? t("promotion.help.scope") : undefined} error={problem?.field(`scope.${name}`)}>
          {(id, describedBy) => (
            <WordsInput id={id} describedBy={describedBy} label={t(`promotion.fields.scope_${name}`)} free options={options[name]} placeholder={t("promotion.words.everything")} value={scope[name] ?? []} onSearch={setText} onChange={(words) => onChange({ ...value, scope: { ...scope, [name]: words } })} />
          )}
        </Field>
      ))}
      <Field label={t("promotion.fields.condition_subtotal_at_least")} help={t("promotion.help.subtotal")} error={problem?.field("condition.subtotal_at_least")}>
        {(id, describedBy) => <MoneyInput id={id} describedBy={describedBy} value={condition.subtotal_at_least ?? null} currency={value.currency ?? "CNY"} onChange={(minor) => onChange({ ...value, condition: { ...condition, subtotal_at_least: minor } })} />}
      </Field>
      <Field label={t("promotion.fields.condition_quantity_at_least")} error={problem?.field("condition.quantity_at_least")}>
        {(id, describedBy) => <CountInput id={id} describedBy={describedBy} value={condition.quantity_at_least ?? null} onChange={(quantity) => onChange({ ...value, condition: { ...condition, quantity_at_least: quantity } })} />}
      </Field>
    </>
  );
}

const unique = (words: string[]) => [...new Set(words)].sort().map((word) => ({ value: word, label: word }));
