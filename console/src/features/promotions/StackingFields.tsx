import { Input } from "antd";
import { useTranslation } from "react-i18next";
import { useAllDocuments } from "@/api/documents/all";
import type { PromotionDocument } from "@/api/types";
import { Choice } from "@/components/Choice";
import { Field } from "@/components/Field";
import { CountInput } from "@/components/inputs";
import { WordsInput } from "@/components/WordsInput";
import type { PartProps } from "./Editor";

type Layer = NonNullable<PromotionDocument["layer"]>;
const LAYERS: Layer[] = ["price", "line", "order", "cross_shop", "coupon", "points", "shipping"];

/** Where it stands among other promotions. */
export function StackingFields({ value, onChange, problem }: PartProps) {
  const { t } = useTranslation();
  const others = useAllDocuments("promotions");
  const names = (others.data ?? []).map((item) => ({ value: item.id, label: item.document.name }));
  return (
    <>
      <Field label={t("promotion.fields.layer")} help={t("promotion.help.layer")} error={problem?.field("layer")}>
        {(id, describedBy) => <Choice id={id} describedBy={describedBy} value={value.layer ?? ""} onChange={(layer) => onChange({ ...value, layer: layer === "" ? null : layer })} options={[{ value: "" as const, label: t("promotion.choices.layer.own") }, ...LAYERS.map((one) => ({ value: one, label: t(`promotion.choices.layer.${one}`) }))]} />}
      </Field>
      <Field label={t("promotion.fields.priority")} help={t("promotion.help.priority")} error={problem?.field("priority")}>
        {(id, describedBy) => <CountInput id={id} describedBy={describedBy} value={value.priority} onChange={(priority) => onChange({ ...value, priority: priority ?? 0 })} />}
      </Field>
      <Field label={t("promotion.fields.group")} help={t("promotion.help.group")} error={problem?.field("group")}>
        {(id, describedBy) => <Input id={id} aria-describedby={describedBy} maxLength={200} style={{ width: 220 }} value={value.group ?? ""} onChange={(event) => onChange({ ...value, group: event.target.value || null })} />}
      </Field>
      <Field label={t("promotion.fields.excludes")} error={problem?.field("excludes")}>
        {(id, describedBy) => <WordsInput id={id} describedBy={describedBy} label={t("promotion.fields.excludes")} free options={names} value={value.excludes ?? []} onChange={(excludes) => onChange({ ...value, excludes })} />}
      </Field>
      <Field label={t("promotion.fields.combines_with")} help={t("promotion.help.combines")} error={problem?.field("combines_with")}>
        {(id, describedBy) => <WordsInput id={id} describedBy={describedBy} label={t("promotion.fields.combines_with")} free options={names} placeholder={t("promotion.words.any")} value={value.combines_with ?? []} onChange={(words) => onChange({ ...value, combines_with: words.length ? words : null })} />}
      </Field>
    </>
  );
}
