import { Input, Switch } from "antd";
import { useTranslation } from "react-i18next";
import type { PromotionDocument } from "@/api/types";
import { Choice } from "@/components/Choice";
import { Field } from "@/components/Field";
import { CountInput, MoneyInput } from "@/components/inputs";
import type { PartProps } from "./Editor";
import { Folded } from "@/components/Folded";
import { StackingFields } from "./StackingFields";

const COUNTS = ["total", "per_day", "per_customer", "per_customer_per_day", "per_device"] as const;
const ENDS = ["stop", "reduce", "go_on"] as const;
const PAYERS = ["platform", "shop", "brand"] as const;

/** How often, how much in all, who pays, and beside which others. */
export function LimitsForm(parts: PartProps) {
  const { value, onChange, problem } = parts;
  const { t } = useTranslation();
  const { limits, funding } = value;
  const put = (next: Partial<PromotionDocument["limits"]>) => onChange({ ...value, limits: { ...limits, ...next } });
  const count = (name: (typeof COUNTS)[number]) => (
    <Field key={name} label={t(`promotion.fields.limits_${name}`)} help={name === "total" ? t("promotion.help.limits") : undefined} error={problem?.field(`limits.${name}`)}>
      {(id, describedBy) => <CountInput id={id} describedBy={describedBy} width={140} value={limits[name] ?? null} onChange={(next) => put({ [name]: next })} />}
    </Field>
  );
  return (
    <>
      {COUNTS.slice(0, 3).map(count)}
      <Field label={t("promotion.fields.limits_budget")} help={t("promotion.help.budget")} error={problem?.field("limits.budget")}>
        {(id, describedBy) => <MoneyInput id={id} describedBy={describedBy} width={140} value={limits.budget ?? null} currency={value.currency ?? "CNY"} onChange={(budget) => put({ budget })} />}
      </Field>
      {limits.budget ? (
        <Field label={t("promotion.fields.limits_budget_end")} error={problem?.field("limits.budget_end")}>
          {(id) => <Choice id={id} value={limits.budget_end ?? "stop"} onChange={(budget_end) => put({ budget_end })} options={ENDS.map((one) => ({ value: one, label: t(`promotion.choices.budgetEnd.${one}`) }))} />}
        </Field>
      ) : null}
      <Field label={t("promotion.fields.exclusive")} help={t("promotion.help.exclusive")}>
        {(id) => <Switch id={id} checked={value.exclusive} onChange={(exclusive) => onChange({ ...value, exclusive })} />}
      </Field>
      <Folded label={t("promotion.more.limits")} open={Boolean(limits.per_customer_per_day || limits.per_device || value.layer || value.group || value.excludes?.length || value.combines_with || value.priority || funding.platform !== 100)}>
        {COUNTS.slice(3).map(count)}
        <StackingFields {...parts} />
        <Field label={t("promotion.fields.funding")} help={t("promotion.help.funding")} error={problem?.field("funding")}>
          {() => (
            <span className="row">
              {PAYERS.map((payer) => (
                <Input key={payer} style={{ width: 132 }} inputMode="numeric" aria-label={t(`promotion.fields.funding_${payer}`)} prefix={t(`promotion.choices.payer.${payer}`)} suffix="%" value={String(funding[payer] ?? 0)} onChange={(event) => /^\d{0,3}$/.test(event.target.value) && onChange({ ...value, funding: { ...funding, [payer]: Number(event.target.value) } })} />
              ))}
            </span>
          )}
        </Field>
        <Field label={t("promotion.fields.holdback_percent")} help={t("promotion.help.holdback")} error={problem?.field("holdback_percent")}>
          {(id, describedBy) => <Input id={id} aria-describedby={describedBy} style={{ width: 90 }} suffix="%" inputMode="decimal" value={value.holdback_percent ?? "5"} onChange={(event) => /^\d{0,3}(\.\d{0,4})?$/.test(event.target.value) && onChange({ ...value, holdback_percent: event.target.value })} />}
        </Field>
      </Folded>
    </>
  );
}
