import { Button, Input, Switch } from "antd";
import { useTranslation } from "react-i18next";
import type { Benefit, Tier } from "@/api/types";
import { MoneyInput } from "@/components/inputs";
import { Sentence } from "@/components/Sentence";
import type { PartProps } from "./Editor";
import "./promotions.css";

/** The rule as a sentence that is itself the form. */
export function RuleForm({ value, onChange, problem }: PartProps) {
  const currency = value.currency ?? "CNY";
  const { benefit } = value;
  const put = (next: Benefit) => onChange({ ...value, benefit: next });
  const errors = problem?.fields.filter((field) => field.path.replace(/^document\./, "").startsWith("benefit")) ?? [];
  return (
    <div className="rule">
      {benefit.type === "threshold" && <Threshold benefit={benefit} currency={currency} onChange={put} />}
      {benefit.type === "percent" && <Percent benefit={benefit} currency={currency} onChange={put} />}
      {benefit.type === "fixed" && <Fixed benefit={benefit} currency={currency} onChange={put} />}
      {errors.map((field) => (
        <p key={field.path} className="field-note" role="alert" style={{ color: "var(--q-red)" }}>
          {field.detail}
        </p>
      ))}
    </div>
  );
}

type Of<T extends Benefit["type"]> = Extract<Benefit, { type: T }>;
interface BenefitProps<T extends Benefit["type"]> {
  benefit: Of<T>;
  currency: string;
  onChange: (benefit: Benefit) => void;
}

function Threshold({ benefit, currency, onChange }: BenefitProps<"threshold">) {
  const { t } = useTranslation();
  const { tiers } = benefit;
  const put = (at: number, change: Partial<Tier>) => onChange({ ...benefit, tiers: tiers.map((tier, index) => (index === at ? { ...tier, ...change } : tier)) });
  const last = tiers[tiers.length - 1];
  const addTier = () => last && onChange({ ...benefit, repeat: false, tiers: [...tiers, { at_least: last.at_least * 2, discount: last.discount * 2 }] });
  return (
    <>
      {tiers.map((tier, at) => (
        <div className="rule-tier" key={at}>
          <Sentence
            of={benefit.repeat ? "promotion.sentence.every" : "promotion.sentence.threshold"}
            slots={{
              at_least: <MoneyInput label={t("promotion.slots.atLeast", { tier: at + 1 })} value={tier.at_least} currency={currency} onChange={(minor) => put(at, { at_least: minor ?? 0 })} />,
              discount: <MoneyInput label={t("promotion.slots.discount", { tier: at + 1 })} value={tier.discount} currency={currency} onChange={(minor) => put(at, { discount: minor ?? 0 })} />,
            }}
          />
          {tiers.length > 1 && (
            <button type="button" className="icon" aria-label={t("promotion.slots.removeTier", { tier: at + 1 })} onClick={() => onChange({ ...benefit, tiers: tiers.filter((_, index) => index !== at) })}>
              ✕
            </button>
          )}
        </div>
      ))}
      <div className="row">
        <Sentence
          of="promotion.sentence.terms"
          slots={{
            repeat: <Switch aria-label={t("promotion.slots.repeat")} checked={benefit.repeat} disabled={tiers.length > 1} onChange={(repeat) => onChange({ ...benefit, repeat })} />,
            cap: <MoneyInput label={t("promotion.slots.cap")} value={benefit.cap} currency={currency} onChange={(cap) => onChange({ ...benefit, cap })} />,
          }}
        />
        {!benefit.repeat && (
          <Button size="small" type="dashed" onClick={addTier}>
            {t("promotion.slots.addTier")}
          </Button>
        )}
      </div>
    </>
  );
}

function Percent({ benefit, currency, onChange }: BenefitProps<"percent">) {
  const { t } = useTranslation();
  return (
    <Sentence
      of="promotion.sentence.percent"
      slots={{
        percent: <Input style={{ width: 90 }} suffix="%" inputMode="decimal" aria-label={t("promotion.slots.percent")} value={benefit.percent} onChange={(event) => /^\d{0,3}(\.\d{0,6})?$/.test(event.target.value) && onChange({ ...benefit, percent: event.target.value })} />,
        cap: <MoneyInput label={t("promotion.slots.cap")} value={benefit.cap} currency={currency} onChange={(cap) => onChange({ ...benefit, cap })} />,
      }}
    />
  );
}

function Fixed({ benefit, currency, onChange }: BenefitProps<"fixed">) {
  const { t } = useTranslation();
  return <Sentence of="promotion.sentence.fixed" slots={{ amount: <MoneyInput label={t("promotion.slots.amount")} value={benefit.amount} currency={currency} onChange={(minor) => onChange({ ...benefit, amount: minor ?? 0 })} /> }} />;
}
