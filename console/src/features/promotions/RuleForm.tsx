import type { ComponentType } from "react";
import type { Benefit, Mechanic } from "@/api/types";
import type { PartProps } from "./Editor";
import { AmountForm, FixedPriceForm, PercentForm, ThresholdForm } from "./AmountForms";
import { BundleForm, BuyGetForm, NthUnitForm } from "./UnitForms";
import { GiftForm, PriceListForm } from "./GoodsForms";
import { MechanicForm } from "./MechanicForm";
import type { BenefitProps } from "./ruleParts";
import { CashbackForm, PointsForm, PointsPaymentForm, ShippingForm } from "./ReturnForms";
import "./promotions.css";

const FORMS: { [T in Benefit["type"]]: ComponentType<BenefitProps<T>> } = {
  threshold: ThresholdForm,
  percent: PercentForm,
  fixed: AmountForm,
  fixed_price: FixedPriceForm,
  price_list: PriceListForm,
  nth_unit: NthUnitForm,
  buy_get: BuyGetForm,
  bundle: BundleForm,
  gift: GiftForm,
  shipping: ShippingForm,
  points: PointsForm,
  points_payment: PointsPaymentForm,
  cashback: CashbackForm,
};

/** The rule as a sentence that is itself the form. */
export function RuleForm({ value, onChange, problem }: PartProps) {
  const currency = value.currency ?? "CNY";
  const { mechanic } = value;
  const Form = FORMS[value.benefit.type] as ComponentType<BenefitProps<Benefit["type"]>>;
  const errors = problem?.fields.filter((field) => /^(document\.)?(benefit|mechanic)/.test(field.path)) ?? [];
  return (
    <div className="rule">
      {mechanic && <MechanicForm mechanic={mechanic} currency={currency} onChange={(next) => onChange({ ...value, mechanic: next, benefit: ownBenefit(next) ?? value.benefit })} />}
      {!(mechanic && ownBenefit(mechanic)) && <Form benefit={value.benefit} currency={currency} onChange={(benefit) => onChange({ ...value, benefit })} />}
      {errors.map((field) => (
        <p key={field.path} className="field-note" role="alert" style={{ color: "var(--q-red)" }}>
          {field.detail}
        </p>
      ))}
    </div>
  );
}

/** What a bargain and a presale give follows from the mechanic itself: the floor, or what the deposit grows by. */
function ownBenefit(mechanic: Mechanic): Benefit | null {
  if (mechanic.type === "bargain") return { type: "fixed_price", price: mechanic.floor };
  if (mechanic.type === "presale") return { type: "fixed", amount: Math.max(1, mechanic.deposit_worth - mechanic.deposit) };
  return null;
}
