import { Switch } from "antd";
import { useTranslation } from "react-i18next";
import { useAllDocuments } from "@/api/documents/all";
import { Field } from "@/components/Field";
import { Choice } from "@/components/Choice";
import { CountInput, InstantInput } from "@/components/inputs";
import { WordsInput } from "@/components/WordsInput";
import type { PartProps } from "./Editor";

/** Who, when, how many, with which code, and beside which others. */
export function TermsForm({ value, onChange, problem }: PartProps) {
  const { t } = useTranslation();
  const segments = useAllDocuments("segments");
  const batches = useAllDocuments("coupon-batches");
  const { condition, limits } = value;
  const names = (segments.data ?? []).map((item) => ({ value: item.id, label: item.document.name }));
  const codes = (batches.data ?? []).map((item) => ({ value: item.id, label: item.document.name }));
  return (
    <>
      <Field label={t("promotion.fields.condition_segments_any")} help={t("promotion.help.segments")} error={problem?.field("condition.segments_any")}>
        {(id, describedBy) => <WordsInput id={id} describedBy={describedBy} label={t("promotion.fields.condition_segments_any")} options={names} placeholder={t("promotion.words.everyone")} value={condition.segments_any ?? []} onChange={(words) => onChange({ ...value, condition: { ...condition, segments_any: words } })} />}
      </Field>
      <Field label={t("promotion.fields.condition_channels_any")} error={problem?.field("condition.channels_any")}>
        {(id, describedBy) => <WordsInput id={id} describedBy={describedBy} label={t("promotion.fields.condition_channels_any")} free options={["web", "app", "store"].map((word) => ({ value: word, label: word }))} placeholder={t("promotion.words.allChannels")} value={condition.channels_any ?? []} onChange={(words) => onChange({ ...value, condition: { ...condition, channels_any: words } })} />}
      </Field>
      <Field label={t("promotion.fields.starts_at")} help={t("promotion.help.zone")} error={problem?.field("starts_at")}>
        {(id, describedBy) => <InstantInput id={id} describedBy={describedBy} value={value.starts_at} onChange={(instant) => onChange({ ...value, starts_at: instant })} />}
      </Field>
      <Field label={t("promotion.fields.ends_at")} error={problem?.field("ends_at")}>
        {(id, describedBy) => <InstantInput id={id} describedBy={describedBy} value={value.ends_at} onChange={(instant) => onChange({ ...value, ends_at: instant })} />}
      </Field>
      <Field label={t("promotion.fields.limits_total")} help={t("promotion.help.limits")} error={problem?.field("limits.total")}>
        {(id, describedBy) => <CountInput id={id} describedBy={describedBy} width={140} value={limits.total} onChange={(total) => onChange({ ...value, limits: { ...limits, total } })} />}
      </Field>
      <Field label={t("promotion.fields.limits_per_customer")} error={problem?.field("limits.per_customer")}>
        {(id, describedBy) => <CountInput id={id} describedBy={describedBy} width={140} value={limits.per_customer} onChange={(per_customer) => onChange({ ...value, limits: { ...limits, per_customer } })} />}
      </Field>
      <Field label={t("promotion.fields.code_batch")} help={t("promotion.help.code")} error={problem?.field("code_batch")}>
        {(id, describedBy) => <Choice id={id} describedBy={describedBy} value={value.code_batch ?? ""} onChange={(code) => onChange({ ...value, code_batch: code || null })} options={[{ value: "", label: t("promotion.words.noCode") }, ...codes]} />}
      </Field>
      <Field label={t("promotion.fields.priority")} help={t("promotion.help.priority")} error={problem?.field("priority")}>
        {(id, describedBy) => <CountInput id={id} describedBy={describedBy} value={value.priority} onChange={(priority) => onChange({ ...value, priority: priority ?? 0 })} />}
      </Field>
      <Field label={t("promotion.fields.exclusive")} help={t("promotion.help.exclusive")}>
        {(id) => <Switch id={id} checked={value.exclusive} onChange={(exclusive) => onChange({ ...value, exclusive })} />}
      </Field>
    </>
  );
}
