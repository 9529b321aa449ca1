import { useTranslation } from "react-i18next";
import type { Scope } from "@/api/types";
import { Sentence } from "@/components/Sentence";
import { GoodsInput } from "./GoodsInput";
import { type BenefitProps, changed, type Of, Rows, useSlots, without } from "./ruleParts";

/** 第 N 件 N 折. */
export function NthUnitForm({ benefit, currency, onChange }: BenefitProps<"nth_unit">) {
  const { t } = useTranslation();
  const slots = useSlots(currency);
  const put = (next: Partial<Of<"nth_unit">>) => onChange({ ...benefit, ...next });
  const { percents } = benefit;
  return (
    <>
      <Rows of={percents} least={2} add={t("promotion.slots.addUnit")} remove={(number) => t("promotion.slots.removeUnit", { number })} onAdd={() => put({ percents: [...percents, percents[percents.length - 1] ?? "50"] })} onRemove={(at) => put({ percents: without(percents, at) })}>
        {(percent, at) => (
          <span className="sentence">
            <span>{t("promotion.sentence.nth", { number: at + 1 })}</span>
            {slots.percent("percent", percent, (next) => put({ percents: percents.map((old, index) => (index === at ? next : old)) }))}
          </span>
        )}
      </Rows>
      <Sentence
        of="promotion.sentence.nthTerms"
        slots={{
          within: slots.choice("within", benefit.within ?? "scope", ["scope", "sku"], (within) => put({ within })),
          arrange: slots.choice("arrange", benefit.arrange ?? "dearest_first", ["dearest_first", "cheapest_first"], (arrange) => put({ arrange })),
          repeat: slots.flag("again", benefit.repeat ?? true, (repeat) => put({ repeat })),
        }}
      />
    </>
  );
}

/** 买 X 送 Y. */
export function BuyGetForm({ benefit, currency, onChange }: BenefitProps<"buy_get">) {
  const { t } = useTranslation();
  const slots = useSlots(currency);
  const put = (next: Partial<Of<"buy_get">>) => onChange({ ...benefit, ...next });
  const what = benefit.same_sku ? "same" : benefit.get_goods ? "others" : "scope";
  const choose = (next: "scope" | "same" | "others") => put({ same_sku: next === "same", get_goods: next === "others" ? (benefit.get_goods ?? {}) : null });
  return (
    <>
      <Sentence
        of="promotion.sentence.buyGet"
        slots={{
          buy: slots.count("buy", benefit.buy, (buy) => put({ buy: buy ?? 1 })),
          get: slots.count("get", benefit.get, (get) => put({ get: get ?? 1 })),
          percent: slots.percent("givenPercent", benefit.percent ?? "100", (percent) => put({ percent })),
        }}
      />
      <Sentence
        of="promotion.sentence.buyGetTerms"
        slots={{
          what: slots.choice("given", what, ["scope", "same", "others"], choose),
          choose: slots.choice("choose", benefit.choose ?? "cheapest", ["cheapest", "dearest"], (next) => put({ choose: next })),
          times: slots.count("times", benefit.times_max, (times_max) => put({ times_max })),
        }}
      />
      {benefit.get_goods && <GoodsInput label={t("promotion.slots.givenGoods")} value={benefit.get_goods} onChange={(get_goods) => put({ get_goods })} />}
    </>
  );
}

/** 套装, N 件任选, 自由搭配. */
export function BundleForm({ benefit, currency, onChange }: BenefitProps<"bundle">) {
  const { t } = useTranslation();
  const slots = useSlots(currency);
  const put = (next: Partial<Of<"bundle">>) => onChange({ ...benefit, ...next });
  const { items } = benefit;
  const how = typeof benefit.percent === "string" ? "percent" : typeof benefit.amount === "number" ? "amount" : "price";
  const turn = (next: "price" | "percent" | "amount") => put({ price: next === "price" ? 9_900 : null, percent: next === "percent" ? "15" : null, amount: next === "amount" ? 1_000 : null });
  const off = { price: () => slots.money("bundlePrice", benefit.price, (price) => put({ price: price ?? 0 })), percent: () => slots.percent("percent", benefit.percent, (percent) => put({ percent })), amount: () => slots.money("amount", benefit.amount, (amount) => put({ amount: amount ?? 0 })) }[how]();
  return (
    <>
      <Rows of={items} add={t("promotion.slots.addItem")} remove={(number) => t("promotion.slots.removeItem", { number })} onAdd={() => put({ items: [...items, { quantity: 1 }] })} onRemove={(at) => put({ items: without(items, at) })}>
        {(item, at) => (
          <div className="bundle-item">
            <Sentence of="promotion.sentence.item" slots={{ quantity: slots.count("itemQuantity", item.quantity ?? 1, (quantity) => put({ items: changed(items, at, { quantity: quantity ?? 1 }) })) }} />
            <GoodsInput label={t("promotion.slots.itemGoods", { number: at + 1 })} value={item.goods ?? {}} onChange={(goods: Scope) => put({ items: changed(items, at, { goods }) })} />
          </div>
        )}
      </Rows>
      <Sentence of="promotion.sentence.bundle" slots={{ how: slots.choice("bundleHow", how, ["price", "percent", "amount"], turn), off, times: slots.count("times", benefit.times_max, (times_max) => put({ times_max })) }} />
    </>
  );
}
