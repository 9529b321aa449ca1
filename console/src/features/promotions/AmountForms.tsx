import { useTranslation } from "react-i18next";
import type { Benefit, Tier } from "@/api/types";
import { Choice } from "@/components/Choice";
import { CountInput, MoneyInput } from "@/components/inputs";
import { Sentence } from "@/components/Sentence";
import { type BenefitProps, changed, type Of, PercentInput, Rows, useSlots, without } from "./ruleParts";

type TierKind = "discount" | "percent" | "price";
const kindOf = (tier: Tier | undefined): TierKind => (typeof tier?.percent === "string" ? "percent" : typeof tier?.price === "number" ? "price" : "discount");
/** What the n-th tier gives when its kind is chosen: more off each time, or a lower price. */
const startOf: Record<TierKind, (at: number) => Partial<Tier>> = {
  discount: (at) => ({ discount: 1_000 * (at + 1) }),
  percent: (at) => ({ percent: String(Math.min(99, 10 * (at + 1))) }),
  price: (at) => ({ price: Math.max(1, 10_000 - 1_000 * (at + 1)) }),
};

/** 满减, 每满减, 满折, 阶梯价, by amount or by pieces. */
export function ThresholdForm({ benefit, currency, onChange }: BenefitProps<"threshold">) {
  const { t } = useTranslation();
  const slots = useSlots(currency);
  const { tiers, repeat = false, measure = "amount" } = benefit;
  const kind = kindOf(tiers[0]);
  const put = (next: Partial<Of<"threshold">>) => onChange({ ...benefit, ...next });
  return (
    <>
      <Rows of={tiers} add={t("promotion.slots.addTier")} remove={(tier) => t("promotion.slots.removeTier", { tier })} onAdd={() => put({ repeat: false, tiers: [...tiers, nextTier(tiers)] })} onRemove={(at) => put({ tiers: without(tiers, at) })}>
        {(tier, at) => <TierRow tier={tier} number={at + 1} repeat={repeat} measure={measure} currency={currency} onChange={(change) => put({ tiers: changed(tiers, at, change) })} />}
      </Rows>
      <Sentence
        of={kind === "price" ? "promotion.sentence.priceTerms" : "promotion.sentence.terms"}
        slots={{
          measure: slots.choice("measure", measure, ["amount", "quantity"], (next) => put({ measure: next, tiers: tiers.map((tier) => ({ ...tier, at_least: next === "amount" ? tier.at_least * 10_000 : Math.max(1, Math.round(tier.at_least / 10_000)) })) })),
          how: slots.choice("how", kind, ["discount", "percent", "price"], (how) => put({ ...(how === "discount" ? {} : { repeat: false }), ...(how === "price" ? { cap: null } : {}), tiers: tiers.map((tier, at) => ({ at_least: tier.at_least, ...startOf[how](at) })) })),
          repeat: slots.flag("repeat", repeat, (next) => put({ repeat: next }), tiers.length > 1 || kind !== "discount"),
          cap: slots.money("cap", benefit.cap, (cap) => put({ cap })),
        }}
      />
    </>
  );
}

function nextTier(tiers: readonly Tier[]): Tier {
  const last = tiers[tiers.length - 1] ?? { at_least: 1, discount: 1 };
  const at_least = last.at_least * 2;
  if (typeof last.percent === "string") return { at_least, percent: String(Math.min(99, Number(last.percent) + 10)) };
  if (typeof last.price === "number") return { at_least, price: Math.floor(last.price * 0.9) };
  return { at_least, discount: (last.discount ?? 0) * 2 };
}

function TierRow({ tier, number, repeat, measure, currency, onChange }: { tier: Tier; number: number; repeat: boolean; measure: string; currency: string; onChange: (change: Partial<Tier>) => void }) {
  const { t } = useTranslation();
  const least = t("promotion.slots.atLeast", { tier: number });
  const off = t("promotion.slots.discount", { tier: number });
  const at_least = measure === "quantity" ? <CountInput width={64} label={least} value={tier.at_least} onChange={(count) => onChange({ at_least: count ?? 0 })} suffix={t("promotion.slots.pieces")} /> : <MoneyInput label={least} value={tier.at_least} currency={currency} onChange={(minor) => onChange({ at_least: minor ?? 0 })} />;
  const kind = kindOf(tier);
  const price = t("promotion.slots.tierPrice", { tier: number });
  const discount = kind === "price" ? <MoneyInput label={price} value={tier.price ?? null} currency={currency} onChange={(minor) => onChange({ price: minor ?? 0 })} /> : typeof tier.percent === "string" ? <PercentInput label={off} value={tier.percent} onChange={(percent) => onChange({ percent })} /> : <MoneyInput label={off} value={tier.discount ?? null} currency={currency} onChange={(minor) => onChange({ discount: minor ?? 0 })} />;
  return <Sentence of={kind === "price" ? "promotion.sentence.tierPrice" : repeat ? "promotion.sentence.every" : "promotion.sentence.threshold"} slots={{ at_least, discount }} />;
}

export function PercentForm({ benefit, currency, onChange }: BenefitProps<"percent">) {
  const slots = useSlots(currency);
  return (
    <>
      <Sentence of="promotion.sentence.percent" slots={{ percent: slots.percent("percent", benefit.percent, (percent) => onChange({ ...benefit, percent })), cap: slots.money("cap", benefit.cap, (cap) => onChange({ ...benefit, cap })) }} />
      <Reach benefit={benefit} currency={currency} onChange={onChange} />
    </>
  );
}

export function AmountForm({ benefit, currency, onChange }: BenefitProps<"fixed">) {
  const slots = useSlots(currency);
  return (
    <>
      <Sentence of="promotion.sentence.fixed" slots={{ amount: slots.money("amount", benefit.amount, (minor) => onChange({ ...benefit, amount: minor ?? 0 })) }} />
      <Reach benefit={benefit} currency={currency} onChange={onChange} />
    </>
  );
}

export function FixedPriceForm({ benefit, currency, onChange }: BenefitProps<"fixed_price">) {
  const slots = useSlots(currency);
  return (
    <>
      <Sentence of="promotion.sentence.fixedPrice" slots={{ price: slots.money("price", benefit.price, (minor) => onChange({ ...benefit, price: minor ?? 0 })) }} />
      <Picked benefit={benefit} currency={currency} onChange={onChange} />
    </>
  );
}

type Picking = Of<"percent"> | Of<"fixed"> | Of<"fixed_price">;
interface ReachProps<B extends Picking> {
  benefit: B;
  currency: string;
  onChange: (benefit: Benefit) => void;
}

/** Where it is reckoned, and on which units. */
function Reach({ benefit, currency, onChange }: ReachProps<Of<"percent"> | Of<"fixed">>) {
  const slots = useSlots(currency);
  return (
    <div className="row">
      <Sentence of="promotion.sentence.level" slots={{ level: slots.choice("level", benefit.level ?? "order", ["order", "line", "unit"], (level) => onChange({ ...benefit, level })) }} />
      <Picked benefit={benefit} currency={currency} onChange={onChange} />
    </div>
  );
}

function Picked({ benefit, onChange }: ReachProps<Picking>) {
  const { t } = useTranslation();
  const { pick } = benefit;
  const put = (units: "all" | "cheapest" | "dearest") => onChange({ ...benefit, pick: units === "all" ? null : { ...pick, units, count: pick?.count ?? 1 } });
  return (
    <Sentence
      of={pick ? "promotion.sentence.picked" : "promotion.sentence.all"}
      slots={{
        units: <Choice label={t("promotion.slots.units")} value={pick?.units ?? "all"} onChange={put} options={(["all", "cheapest", "dearest"] as const).map((value) => ({ value, label: t(`promotion.choices.units.${value}`) }))} />,
        count: <CountInput width={56} label={t("promotion.slots.count")} value={pick?.count ?? 1} onChange={(count) => pick && onChange({ ...benefit, pick: { ...pick, count: count ?? 1 } })} />,
        within: <Choice label={t("promotion.slots.pickWithin")} value={pick?.within ?? "scope"} onChange={(within) => pick && onChange({ ...benefit, pick: { ...pick, within } })} options={(["scope", "sku", "line"] as const).map((value) => ({ value, label: t(`promotion.choices.pickWithin.${value}`) }))} />,
      }}
    />
  );
}
