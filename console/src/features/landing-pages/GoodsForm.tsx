import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { listProducts } from "@/api/products-list";
import type { Product } from "@/api/types";
import { Choice } from "@/components/Choice";
import { Field } from "@/components/Field";
import { CountInput } from "@/components/inputs";
import { WordsInput } from "@/components/WordsInput";
import { useSettled } from "@/lib/useSettled";
import type { FormProps } from "./BlockForm";
import type { Block } from "./blocks";
import { ImageField, WordsField } from "./inputs";

const SOURCES = ["newest", "items", "category", "tag"] as const;
type Source = (typeof SOURCES)[number];
const SORTS = ["listed", "newest", "price_asc", "price_desc"] as const;

function sourceOf({ category, tag, items }: Block<"goods">): Source {
  if (typeof category === "string") return "category";
  if (typeof tag === "string") return "tag";
  return items?.length ? "items" : "newest";
}

/** Goods of a grid: chosen one by one, or by category or tag, or the newest of the shop. */
export function GoodsForm({ block, path, problem, onChange }: FormProps<"goods">) {
  const { t } = useTranslation();
  // Before the first SKU is chosen the document cannot tell this source from the newest.
  const [asked, setAsked] = useState<Source>(sourceOf(block));
  const source = sourceOf(block) === "newest" && asked === "items" ? "items" : sourceOf(block);
  const choose = (next: Source) => {
    setAsked(next);
    onChange({ ...block, items: [], category: next === "category" ? (block.category ?? "") : null, tag: next === "tag" ? (block.tag ?? "") : null });
  };
  return (
    <>
      <WordsField label={t("landing.fields.title")} path={`${path}.title`} problem={problem} optional value={block.title} onChange={(title) => onChange({ ...block, title })} />
      <Field label={t("landing.fields.source")}>{(id) => <Choice id={id} value={source} options={SOURCES.map((value) => ({ value, label: t(`landing.sources.${value}`) }))} onChange={choose} />}</Field>
      {source === "items" && <Items block={block} path={path} problem={problem} onChange={onChange} />}
      {(source === "category" || source === "tag") && (
        <Field label={t(`landing.sources.${source}`)} help={t(`landing.help.${source}`)} error={problem?.field(`${path}.${source}`)}>
          {(id, describedBy) => <Facet id={id} describedBy={describedBy} of={source} value={block[source] ?? ""} onChange={(value) => onChange({ ...block, [source]: value })} />}
        </Field>
      )}
      <Field label={t("landing.fields.sort")}>{(id) => <Choice id={id} value={block.sort ?? "listed"} options={SORTS.map((value) => ({ value, label: t(`landing.sorts.${value}`) }))} onChange={(sort) => onChange({ ...block, sort })} />}</Field>
      {source !== "items" && (
        <Field label={t("landing.fields.limit")} error={problem?.field(`${path}.limit`)}>
          {(id) => <CountInput id={id} value={block.limit ?? 12} onChange={(limit) => onChange({ ...block, limit: limit ?? 1 })} />}
        </Field>
      )}
    </>
  );
}

const useProducts = (query: string) => useQuery({ queryKey: ["products", query], queryFn: () => listProducts({ query, limit: 50 }), staleTime: 30_000 });

/** A category or a tag, offered from the goods that the shop has. */
function Facet({ of, value, onChange, ...basics }: { id: string; describedBy: string | undefined; of: "category" | "tag"; value: string; onChange: (value: string) => void }) {
  const products = useProducts("");
  const words = (product: Product) => (of === "tag" ? (product.tags ?? []) : [product.category ?? []].flat());
  const offered = [...new Set((products.data?.items ?? []).flatMap(words))];
  return (
    <>
      <input {...basics} className="choice" aria-describedby={basics.describedBy} list={`${basics.id}-list`} value={value} onChange={(event) => onChange(event.target.value)} />
      <datalist id={`${basics.id}-list`}>
        {offered.map((word) => (
          <option key={word} value={word} />
        ))}
      </datalist>
    </>
  );
}

function Items({ block, path, problem, onChange }: Omit<FormProps<"goods">, "page">) {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  const products = useProducts(useSettled(text));
  const items = block.items ?? [];
  const options = (products.data?.items ?? []).flatMap((product) => product.skus.map(({ sku }) => ({ value: sku, label: `${product.name} · ${sku}` })));
  const choose = (skus: string[]) => onChange({ ...block, items: skus.map((sku) => items.find((item) => item.sku === sku) ?? { sku }) });
  const put = (at: number, change: Partial<(typeof items)[number]>) => onChange({ ...block, items: items.map((item, place) => (place === at ? { ...item, ...change } : item)) });
  return (
    <>
      <Field label={t("landing.fields.items")} help={t("landing.help.items")} error={problem?.field(`${path}.items`)}>
        {(id, describedBy) => <WordsInput id={id} describedBy={describedBy} free value={items.map((item) => item.sku)} options={options} onSearch={setText} onChange={choose} />}
      </Field>
      {items.map((item, at) => (
        <details key={item.sku} className="item-more">
          <summary>{t("landing.itemMore", { sku: item.sku })}</summary>
          <div className="form">
            {problem?.field(`${path}.items[${at}].sku`) && <p role="alert">{problem.field(`${path}.items[${at}].sku`)}</p>}
            <WordsField label={t("landing.fields.itemTitle")} path={`${path}.items[${at}].title`} problem={problem} optional value={item.title} onChange={(title) => put(at, { title })} />
            <WordsField label={t("landing.fields.badge")} path={`${path}.items[${at}].badge`} problem={problem} optional value={item.badge} onChange={(badge) => put(at, { badge })} />
            <ImageField label={t("landing.fields.image")} path={`${path}.items[${at}].image`} problem={problem} optional value={item.image} onChange={(image) => put(at, { image })} />
          </div>
        </details>
      ))}
    </>
  );
}
