import { useTranslation } from "react-i18next";
import type { BidStrategy } from "@/api/types";
import { Choice } from "@/components/Choice";
import { Field } from "@/components/Field";
import { CountInput, InstantInput, MoneyInput } from "@/components/inputs";
import { useZoneHelp } from "@/components/zone-help";
import { soldAs } from "./document";
import type { PartProps } from "./Editor";
import { bids } from "./table/changes";

/** What a click may cost, who decides the bid, what a day may cost. */
export function BudgetForm(parts: PartProps) {
  return bids(parts.value) ? <OwnBudget {...parts} /> : null;
}

/** By auction, by deals or as the house's own; only the first has a bid and a budget. */
export function SoldField({ value, onChange, problem }: PartProps) {
  const { t } = useTranslation();
  const sold = value.sold ?? "auction";
  return (
    <Field label={t("ads.fields.sold")} help={t(`ads.solds.help.${sold}`)} error={problem?.field("sold")}>
      {(id, describedBy) => <Choice id={id} describedBy={describedBy} value={sold} onChange={(next) => onChange(soldAs(value, next))} options={SOLDS.map((one) => ({ value: one, label: t(`ads.solds.${one}`) }))} />}
    </Field>
  );
}

function OwnBudget(parts: PartProps) {
  const { value, onChange, problem } = parts;
  const { t } = useTranslation();
  const pricing = value.pricing ?? "cpc";
  const clicks = value.bid_minor > 0 ? Math.floor(value.daily_budget_minor / value.bid_minor) : 0;
  const budgetHelp = pricing === "cpc" ? t("ads.help.budget", { count: clicks }) : t("ads.help.dayBudget");
  return (
    <>
      <Field label={t("ads.fields.pricing")} help={t(`ads.pricings.help.${pricing}`)} error={problem?.field("pricing")}>
        {(id, describedBy) => <Choice id={id} describedBy={describedBy} value={pricing} onChange={(next) => onChange({ ...value, pricing: next })} options={PRICINGS.map((one) => ({ value: one, label: t(`ads.pricings.${one}`) }))} />}
      </Field>
      <StrategyFields {...parts} />
      <Field label={pricing === "cpc" ? t("ads.fields.bid_minor") : t("ads.bidFor", { what: t(`ads.pricings.${pricing}`) })} help={pricing === "cpc" ? t("ads.help.bid") : undefined} error={problem?.field("bid_minor")}>
        {(id, describedBy) => <MoneyInput id={id} describedBy={describedBy} value={value.bid_minor} currency={value.currency} onChange={(minor) => onChange({ ...value, bid_minor: minor ?? 0 })} />}
      </Field>
      <Field label={t("ads.fields.daily_budget_minor")} help={budgetHelp} error={problem?.field("daily_budget_minor")}>
        {(id, describedBy) => <MoneyInput id={id} describedBy={describedBy} value={value.daily_budget_minor} currency={value.currency} onChange={(minor) => onChange({ ...value, daily_budget_minor: minor ?? 0 })} />}
      </Field>
      <Field label={t("ads.fields.total_budget_minor")} help={t("ads.help.totalBudget")} error={problem?.field("total_budget_minor")}>
        {(id, describedBy) => <MoneyInput id={id} describedBy={describedBy} value={value.total_budget_minor ?? null} currency={value.currency} onChange={(minor) => onChange({ ...value, total_budget_minor: minor })} />}
      </Field>
    </>
  );
}

/** From when until when. */
export function DatesForm({ value, onChange, problem }: PartProps) {
  const { t } = useTranslation();
  const zone = useZoneHelp();
  return (["starts_at", "ends_at"] as const).map((name) => (
    <Field key={name} label={t(`ads.fields.${name}`)} help={name === "starts_at" ? zone : undefined} error={problem?.field(name)}>
      {(id, describedBy) => <InstantInput id={id} describedBy={describedBy} value={value[name]} onChange={(instant) => onChange({ ...value, [name]: instant })} />}
    </Field>
  ));
}

const SOLDS = ["auction", "booked", "house"] as const;
const PRICINGS = ["cpc", "cpm", "cpa", "ocpm"] as const;
const KINDS = ["manual", "max_delivery", "max_gmv", "tcpa", "ocpm", "troas"] as const;
const PACES = ["asap", "even", "predictive"] as const;
const COSTED = ["tcpa", "ocpm"];

/** The strategy with what its kind needs and nothing that it has no use for. */
export function withKind(before: BidStrategy, kind: NonNullable<BidStrategy["kind"]>): BidStrategy {
  const pacing = kind === "manual" && before.pacing === "predictive" ? "even" : (before.pacing ?? "asap");
  return { kind, pacing, wanted: kind === "max_delivery" ? (before.wanted ?? "conversion") : "conversion", target_minor: COSTED.includes(kind) ? (before.target_minor ?? null) : null, target_return_percent: kind === "troas" ? (before.target_return_percent ?? 300) : null };
}

function StrategyFields({ value, onChange, problem }: PartProps) {
  const { t } = useTranslation();
  const strategy = value.strategy ?? {};
  const kind = strategy.kind ?? "manual";
  const put = (change: Partial<BidStrategy>) => onChange({ ...value, strategy: { ...strategy, ...change } });
  return (
    <>
      <Field label={t("ads.fields.strategy_kind")} help={t(`ads.strategies.help.${kind}`)} error={problem?.field("strategy.kind")}>
        {(id, describedBy) => <Choice id={id} describedBy={describedBy} value={kind} onChange={(next) => onChange({ ...value, strategy: withKind(strategy, next) })} options={KINDS.map((one) => ({ value: one, label: t(`ads.strategies.${one}`) }))} />}
      </Field>
      {kind === "max_delivery" && (
        <Field label={t("ads.fields.strategy_wanted")} error={problem?.field("strategy.wanted")}>
          {(id) => <Choice id={id} value={strategy.wanted ?? "conversion"} onChange={(wanted) => put({ wanted })} options={(["click", "conversion"] as const).map((one) => ({ value: one, label: t(`ads.strategies.wanted.${one}`) }))} />}
        </Field>
      )}
      {COSTED.includes(kind) && (
        <Field label={t("ads.fields.strategy_target_minor")} help={t("ads.help.target_minor")} error={problem?.field("strategy.target_minor")}>
          {(id, describedBy) => <MoneyInput id={id} describedBy={describedBy} value={strategy.target_minor ?? null} currency={value.currency} onChange={(target_minor) => put({ target_minor })} />}
        </Field>
      )}
      {kind === "troas" && (
        <Field label={t("ads.fields.strategy_target_return_percent")} help={t("ads.help.target_return")} error={problem?.field("strategy.target_return_percent")}>
          {(id, describedBy) => <CountInput id={id} describedBy={describedBy} suffix="%" value={strategy.target_return_percent ?? null} onChange={(target_return_percent) => put({ target_return_percent })} />}
        </Field>
      )}
      <Field label={t("ads.fields.strategy_pacing")} help={t(`ads.paces.help.${strategy.pacing ?? "asap"}`)} error={problem?.field("strategy.pacing")}>
        {(id, describedBy) => <Choice id={id} describedBy={describedBy} value={strategy.pacing ?? "asap"} onChange={(pacing) => put({ pacing })} options={PACES.filter((one) => one !== "predictive" || kind !== "manual").map((one) => ({ value: one, label: t(`ads.paces.${one}`) }))} />}
      </Field>
    </>
  );
}
