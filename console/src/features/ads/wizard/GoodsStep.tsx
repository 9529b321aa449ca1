import { Input } from "antd";
import { useTranslation } from "react-i18next";
import { useAllDocuments } from "@/api/documents/all";
import { Choice } from "@/components/Choice";
import { Field } from "@/components/Field";
import { useGoods } from "@/components/useGoods";
import { WordsInput } from "@/components/WordsInput";
import type { PartProps } from "@/features/ads/Editor";
import { forGoods, linkTo, SKU } from "./goods";

interface Props extends PartProps {
  pattern: string;
  onPattern: (pattern: string) => void;
}

/** What is advertised: goods, each with a creative of its own, or a sale page. */
export function GoodsStep({ value, onChange, pattern, onPattern }: Props) {
  const { t } = useTranslation();
  const { options, search } = useGoods();
  const pages = useAllDocuments("landing-pages", { state: "live" });
  const names = new Map(options.skus.map((one) => [one.value, one.label.replace(` · ${one.value}`, "")]));
  const chosen = value.creatives.flatMap(({ sku }) => sku ?? []);
  const labels = chosen.filter((sku) => !names.has(sku)).map((sku) => ({ value: sku, label: value.creatives.find((one) => one.sku === sku)?.title || sku }));
  const pick = (skus: string[]) => onChange({ ...value, creatives: forGoods(skus, value.creatives, pattern, (sku) => names.get(sku) ?? sku) });
  const relink = (next: string) => {
    onPattern(next);
    const follows = (sku: string, link: string) => link === linkTo(pattern, sku);
    onChange({ ...value, creatives: value.creatives.map((one) => (one.sku && follows(one.sku, one.landing_url) ? { ...one, landing_url: linkTo(next, one.sku) } : one)) });
  };
  const open = pages.data?.find((item) => item.document.slug && value.creatives.some((one) => one.landing_url === `/p/${item.document.slug}`));
  const toPage = (id: string) => {
    const page = pages.data?.find((item) => item.id === id)?.document;
    if (page) onChange({ ...value, creatives: [{ id: "c1", title: page.name.slice(0, 200), landing_url: `/p/${page.slug}` }] });
  };
  return (
    <>
      <Field label={t("wizard.goods")} help={t("wizard.goodsHelp")}>
        {(id, describedBy) => <WordsInput id={id} describedBy={describedBy} label={t("wizard.goods")} options={[...labels, ...options.skus]} placeholder={t("wizard.goodsExample")} value={chosen} onSearch={search} onChange={pick} />}
      </Field>
      {chosen.length > 0 && (
        <Field label={t("wizard.pattern")} help={t("wizard.patternHelp", { example: linkTo(pattern, chosen[0] ?? "") })}>
          {(id, describedBy) => <Input id={id} aria-describedby={describedBy} placeholder={`https://shop.example.com/p/${SKU}`} value={pattern} onChange={(event) => relink(event.target.value)} />}
        </Field>
      )}
      {(pages.data ?? []).length > 0 && (
        <Field label={t("wizard.page")} help={t("wizard.pageHelp")}>
          {(id, describedBy) => <Choice id={id} describedBy={describedBy} value={open?.id ?? ""} onChange={toPage} options={[{ value: "", label: t("wizard.noPage") }, ...(pages.data ?? []).map((item) => ({ value: item.id, label: item.document.name }))]} />}
        </Field>
      )}
    </>
  );
}
