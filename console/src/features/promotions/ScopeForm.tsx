import { useTranslation } from "react-i18next";
import type { Scope } from "@/api/types";
import { Field } from "@/components/Field";
import { CountInput, MoneyInput } from "@/components/inputs";
import { WordsInput } from "@/components/WordsInput";
import type { PartProps } from "./Editor";
import { GoodsInput } from "./GoodsInput";
import { Folded } from "@/components/Folded";
import { useGoods } from "@/components/useGoods";

/** Which goods count and are discounted; nothing chosen means everything. */
export function ScopeForm({ value, onChange, problem }: PartProps) {
  const { t } = useTranslation();
  const { options, search } = useGoods();
  const { scope, condition } = value;
  const currency = value.currency ?? "CNY";
  const put = (next: Partial<Scope>) => onChange({ ...value, scope: { ...scope, ...next } });
  const words = (name: "categories" | "brands" | "skus" | "tags" | "shops") => (
    <Field key={name} label={t(`promotion.fields.scope_${name}`)} help={name === "categories" ? t("promotion.help.scope") : undefined} error={problem?.field(`scope.${name}`)}>
      {(id, describedBy) => <WordsInput id={id} describedBy={describedBy} label={t(`promotion.fields.scope_${name}`)} free options={options[name]} placeholder={t("promotion.words.everything")} value={scope[name] ?? []} onSearch={search} onChange={(next) => put({ [name]: next })} />}
    </Field>
  );
  const said = Boolean(scope.tags?.length || scope.shops?.length || scope.excluded || scope.price_at_least || scope.price_at_most || condition.subtotal_at_most || condition.quantity_at_most);
  return (
    <>
      {(["categories", "brands", "skus"] as const).map(words)}
      <Field label={t("promotion.fields.condition_subtotal_at_least")} help={t("promotion.help.subtotal")} error={problem?.field("condition.subtotal_at_least")}>
        {(id, describedBy) => <MoneyInput id={id} describedBy={describedBy} value={condition.subtotal_at_least ?? null} currency={currency} onChange={(minor) => onChange({ ...value, condition: { ...condition, subtotal_at_least: minor } })} />}
      </Field>
      <Field label={t("promotion.fields.condition_quantity_at_least")} error={problem?.field("condition.quantity_at_least")}>
        {(id, describedBy) => <CountInput id={id} describedBy={describedBy} value={condition.quantity_at_least ?? null} onChange={(quantity) => onChange({ ...value, condition: { ...condition, quantity_at_least: quantity } })} />}
      </Field>
      <Folded label={t("promotion.more.goods")} open={said}>
        <Field label={t("promotion.fields.condition_subtotal_at_most")} help={t("promotion.help.atMost")} error={problem?.field("condition.subtotal_at_most")}>
          {(id, describedBy) => <MoneyInput id={id} describedBy={describedBy} value={condition.subtotal_at_most ?? null} currency={currency} onChange={(minor) => onChange({ ...value, condition: { ...condition, subtotal_at_most: minor } })} />}
        </Field>
        <Field label={t("promotion.fields.condition_quantity_at_most")} error={problem?.field("condition.quantity_at_most")}>
          {(id, describedBy) => <CountInput id={id} describedBy={describedBy} value={condition.quantity_at_most ?? null} onChange={(quantity) => onChange({ ...value, condition: { ...condition, quantity_at_most: quantity } })} />}
        </Field>
        {(["tags", "shops"] as const).map(words)}
        <Field label={t("promotion.fields.scope_excluded")} help={t("promotion.help.excluded")} error={problem?.field("scope.excluded")}>
          {() => <GoodsInput label={t("promotion.fields.scope_excluded")} value={scope.excluded ?? {}} onChange={(excluded) => put({ excluded: Object.values(excluded).some((names) => Array.isArray(names) && names.length) ? excluded : null })} />}
        </Field>
        <Field label={t("promotion.fields.scope_price_at_least")} error={problem?.field("scope.price_at_least")}>
          {(id, describedBy) => <MoneyInput id={id} describedBy={describedBy} value={scope.price_at_least ?? null} currency={currency} onChange={(minor) => put({ price_at_least: minor })} />}
        </Field>
        <Field label={t("promotion.fields.scope_price_at_most")} error={problem?.field("scope.price_at_most")}>
          {(id, describedBy) => <MoneyInput id={id} describedBy={describedBy} value={scope.price_at_most ?? null} currency={currency} onChange={(minor) => put({ price_at_most: minor })} />}
        </Field>
      </Folded>
    </>
  );
}
