import { Button, Input } from "antd";
import { useTranslation } from "react-i18next";
import type { MemberTier } from "@/api/types";
import { Choice } from "@/components/Choice";
import { Field } from "@/components/Field";
import { CountInput, MoneyInput } from "@/components/inputs";
import { Sentence } from "@/components/Sentence";
import { exponent } from "@/lib/numbers";
import { nextTier } from "./programme";
import type { ProgrammePart } from "./ProgrammeForm";
import { changed, without } from "./ruleParts";

const TIERS_MAX = 20;

/** The tiers from the lowest to the highest: what one asks for, and how much more points it earns. */
export function ProgrammeTiers(props: ProgrammePart) {
  const { t } = useTranslation();
  const { value, onChange, problem, fixed } = props;
  const byPoints = value.tier_by === "points";
  // Most shops give a point for each unit of money: so the thresholds stay where they were.
  const unit = 10 ** exponent(value.worth.currency);
  const turn = (tier_by: "points" | "spend") => onChange({ ...value, tier_by, tiers: value.tiers.map((tier) => ({ ...tier, at_least: tier_by === "spend" ? tier.at_least * unit : Math.floor(tier.at_least / unit) })) });
  return (
    <section className="card form" aria-label={t("programme.tiers")}>
      <h2>{t("programme.tiers")}</h2>
      <Field label={t("programme.fields.tier_by")} help={t("programme.help.tier_by")} error={problem?.field("tier_by") ?? problem?.field("tier_months")}>
        {(id, describedBy) => (
          <Sentence
            of="programme.sentence.tierBy"
            slots={{
              months: <CountInput label={t("programme.fields.tier_months")} width={64} disabled={fixed} value={value.tier_months} onChange={(months) => onChange({ ...value, tier_months: months ?? 1 })} />,
              by: <Choice id={id} describedBy={describedBy} disabled={fixed} value={value.tier_by} onChange={turn} options={(["points", "spend"] as const).map((one) => ({ value: one, label: t(`programme.choices.tier_by.${one}`) }))} />,
            }}
          />
        )}
      </Field>
      {value.tiers.length === 0 && <p className="note">{t("programme.noTiers")}</p>}
      {value.tiers.map((tier, at) => (
        <TierRow key={at} tier={tier} at={at} {...props} />
      ))}
      {!fixed && value.tiers.length < TIERS_MAX && (
        <Button className="start" size="small" type="dashed" onClick={() => onChange({ ...value, tiers: [...value.tiers, nextTier(value.tiers, byPoints)] })}>
          {t("programme.addTier")}
        </Button>
      )}
    </section>
  );
}

function TierRow({ tier, at, value, onChange, problem, fixed }: ProgrammePart & { tier: MemberTier; at: number }) {
  const { t } = useTranslation();
  const number = at + 1;
  const put = (change: Partial<MemberTier>) => onChange({ ...value, tiers: changed(value.tiers, at, change) });
  const least = { label: t("programme.slots.atLeast", { number }), disabled: fixed, value: tier.at_least };
  const errors = (["name", "at_least", "earn_percent"] as const).flatMap((name) => problem?.field(`tiers[${at}].${name}`) ?? []);
  return (
    <div className="tier-row" role="group" aria-label={t("programme.nthTier", { number })}>
      <div className="rule-tier">
        <Sentence
          of="programme.sentence.tier"
          slots={{
            name: <Input aria-label={t("programme.slots.tierName", { number })} style={{ width: 150 }} maxLength={200} disabled={fixed} placeholder={t("programme.slots.tierHint")} value={tier.name} onChange={(event) => put({ name: event.target.value })} />,
            at_least: value.tier_by === "spend" ? <MoneyInput {...least} currency={value.worth.currency} onChange={(minor) => put({ at_least: minor ?? 0 })} /> : <CountInput {...least} width={110} suffix={t("programme.pointsUnit")} onChange={(points) => put({ at_least: points ?? 0 })} />,
            percent: <CountInput label={t("programme.slots.percent", { number })} width={84} suffix="%" disabled={fixed} value={tier.earn_percent} onChange={(percent) => put({ earn_percent: percent ?? 0 })} />,
          }}
        />
        {!fixed && (
          <button type="button" className="icon" aria-label={t("programme.removeTier", { number })} onClick={() => onChange({ ...value, tiers: without(value.tiers, at) })}>
            ✕
          </button>
        )}
      </div>
      {errors.map((error) => (
        <p key={error} className="wrong-note" role="alert">
          {error}
        </p>
      ))}
    </div>
  );
}
