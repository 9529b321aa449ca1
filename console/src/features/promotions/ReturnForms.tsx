import { Sentence } from "@/components/Sentence";
import { type BenefitProps, type Of, useSlots } from "./ruleParts";

/** 包邮, 减运费, 运费一口价. */
export function ShippingForm({ benefit, currency, onChange }: BenefitProps<"shipping">) {
  const slots = useSlots(currency);
  const put = (next: Partial<Of<"shipping">>) => onChange({ ...benefit, ...next });
  const how = typeof benefit.amount === "number" ? "amount" : typeof benefit.price === "number" ? "price" : benefit.percent === "100" ? "free" : "percent";
  const turn = (next: "free" | "percent" | "amount" | "price") => onChange({ type: "shipping", ...{ free: { percent: "100" }, percent: { percent: "50" }, amount: { amount: 500 }, price: { price: 500 } }[next] });
  const value = { free: () => null, percent: () => slots.percent("percent", benefit.percent, (percent) => put({ percent })), amount: () => slots.money("amount", benefit.amount, (amount) => put({ amount: amount ?? 0 })), price: () => slots.money("price", benefit.price, (price) => put({ price: price ?? 0 })) }[how]();
  return <Sentence of="promotion.sentence.shipping" slots={{ how: slots.choice("shippingHow", how, ["free", "percent", "amount", "price"], turn), value, cap: slots.money("cap", benefit.cap, (cap) => put({ cap })) }} />;
}

/** 送积分. */
export function PointsForm({ benefit, currency, onChange }: BenefitProps<"points">) {
  const slots = useSlots(currency);
  const put = (next: Partial<Of<"points">>) => onChange({ ...benefit, ...next });
  return <Sentence of="promotion.sentence.points" slots={{ every: slots.money("everyPaid", benefit.every_amount, (every_amount) => put({ every_amount })), points: slots.count("points", benefit.points, (points) => put({ points: points ?? 1 }), 80), cap: slots.count("pointsCap", benefit.cap, (cap) => put({ cap }), 90) }} />;
}

/** 积分抵现. */
export function PointsPaymentForm({ benefit, currency, onChange }: BenefitProps<"points_payment">) {
  const slots = useSlots(currency);
  const put = (next: Partial<Of<"points_payment">>) => onChange({ ...benefit, ...next });
  return (
    <Sentence
      of="promotion.sentence.pointsPayment"
      slots={{
        points: slots.count("points", benefit.points, (points) => put({ points: points ?? 1 }), 80),
        worth: slots.money("worth", benefit.worth, (worth) => put({ worth: worth ?? 1 })),
        percent: slots.percent("percentMax", benefit.percent_max ?? "100", (percent_max) => put({ percent_max })),
        most: slots.count("pointsCap", benefit.points_max, (points_max) => put({ points_max }), 90),
      }}
    />
  );
}

/** 返现. */
export function CashbackForm({ benefit, currency, onChange }: BenefitProps<"cashback">) {
  const slots = useSlots(currency);
  const put = (next: Partial<Of<"cashback">>) => onChange({ ...benefit, ...next });
  const how = typeof benefit.amount === "number" ? "amount" : "percent";
  const value = how === "percent" ? slots.percent("percent", benefit.percent, (percent) => put({ percent })) : slots.money("amount", benefit.amount, (amount) => put({ amount: amount ?? 0 }));
  const turn = (next: "percent" | "amount") => put(next === "percent" ? { percent: "5", amount: null } : { amount: 500, percent: null });
  return <Sentence of="promotion.sentence.cashback" slots={{ how: slots.choice("cashbackHow", how, ["percent", "amount"], turn), value, cap: slots.money("cap", benefit.cap, (cap) => put({ cap })) }} />;
}
