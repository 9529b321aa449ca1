import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useAllDocuments } from "@/api/documents/all";
import { useProgramme } from "@/api/programme-hook";
import type { Condition } from "@/api/types";
import { Choice } from "@/components/Choice";
import { Field } from "@/components/Field";
import { Go } from "@/components/Go";
import { CountInput } from "@/components/inputs";
import { WordsInput } from "@/components/WordsInput";
import type { PartProps } from "./Editor";
import { Folded } from "@/components/Folded";

const CHANNELS = ["web", "app", "store"].map((word) => ({ value: word, label: word }));
type ListName = "tiers_any" | "tiers_none" | "segments_any" | "segments_none" | "channels_any" | "tags_any" | "countries_any" | "payment_methods_any";
type CountName = "orders_at_least" | "orders_at_most" | "order_number_every" | "birthday_before_days" | "birthday_after_days";

/** Who gets it, and on which way. */
export function AudienceForm({ value, onChange, problem }: PartProps) {
  const { t } = useTranslation();
  const segments = useAllDocuments("segments");
  const batches = useAllDocuments("coupon-batches");
  const tiers = useTiers();
  const { condition } = value;
  const put = (next: Partial<Condition>) => onChange({ ...value, condition: { ...condition, ...next } });
  const named = (items: typeof segments.data | typeof batches.data) => (items ?? []).map((item) => ({ value: item.id, label: item.document.name }));
  const helps: Partial<Record<ListName, ReactNode>> = { segments_any: t("promotion.help.segments"), tiers_any: tiers.help };
  const list = (name: ListName, options: { value: string; label: string }[], placeholder: string, free = true) => (
    <Field label={t(`promotion.fields.condition_${name}`)} help={helps[name]} error={problem?.field(`condition.${name}`)}>
      {(id, describedBy) => <WordsInput id={id} describedBy={describedBy} label={t(`promotion.fields.condition_${name}`)} free={free} options={options} placeholder={t(`promotion.words.${placeholder}`)} value={condition[name] ?? []} onChange={(words) => put({ [name]: words })} />}
    </Field>
  );
  const count = (name: CountName) => (
    <Field label={t(`promotion.fields.condition_${name}`)} error={problem?.field(`condition.${name}`)}>
      {(id, describedBy) => <CountInput id={id} describedBy={describedBy} value={condition[name] ?? null} onChange={(next) => put({ [name]: next })} />}
    </Field>
  );
  const first = condition.first_purchase === true ? "first" : condition.first_purchase === false ? "again" : "any";
  const said = (["segments_none", "tiers_none", "tags_any", "countries_any", "payment_methods_any"] as const).some((name) => condition[name]?.length) || (["orders_at_least", "orders_at_most", "order_number_every", "birthday_before_days", "birthday_after_days"] as const).some((name) => typeof condition[name] === "number");
  return (
    <>
      {list("segments_any", named(segments.data), "everyone", false)}
      {list("tiers_any", tiers.options, "anyTier", false)}
      <Field label={t("promotion.fields.condition_first_purchase")} error={problem?.field("condition.first_purchase")}>
        {(id, describedBy) => <Choice id={id} describedBy={describedBy} value={first} onChange={(next) => put({ first_purchase: next === "any" ? null : next === "first" })} options={(["any", "first", "again"] as const).map((one) => ({ value: one, label: t(`promotion.choices.first.${one}`) }))} />}
      </Field>
      {list("channels_any", CHANNELS, "allChannels")}
      <Field label={t("promotion.fields.code_batch")} help={t("promotion.help.code")} error={problem?.field("code_batch")}>
        {(id, describedBy) => <Choice id={id} describedBy={describedBy} value={value.code_batch ?? ""} onChange={(code) => onChange({ ...value, code_batch: code || null })} options={[{ value: "", label: t("promotion.words.noCode") }, ...named(batches.data)]} />}
      </Field>
      <Folded label={t("promotion.more.audience")} open={said}>
        {list("segments_none", named(segments.data), "nobody", false)}
        {list("tiers_none", tiers.options, "nobody", false)}
        {list("tags_any", [], "everyone")}
        {count("orders_at_least")}
        {count("orders_at_most")}
        {count("order_number_every")}
        {count("birthday_before_days")}
        {count("birthday_after_days")}
        {list("countries_any", [], "everywhere")}
        {list("payment_methods_any", [], "allPayments")}
      </Folded>
    </>
  );
}

/** The tiers that the points programme knows, and where they are made. */
function useTiers() {
  const { t } = useTranslation();
  const { data: programme } = useProgramme();
  const options = (programme?.document.tiers ?? []).map(({ name }) => ({ value: name, label: name }));
  const help = programme === undefined || options.length ? t("promotion.help.tiers") : <NoTiers to={programme ? `/promotions/points/${programme.id}` : "/promotions/points/new"} />;
  return { options, help };
}

function NoTiers({ to }: { to: string }) {
  const { t } = useTranslation();
  return (
    <>
      {t("promotion.help.noTiers")} <Go to={to} extra={{ tab: "rule" }}>{t("programme.addTier")}</Go>
    </>
  );
}
