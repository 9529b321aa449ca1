import { useTranslation } from "react-i18next";
import { Sentence } from "@/components/Sentence";
import { SkuInput } from "@/components/SkuInput";
import { type BenefitProps, changed, type Of, Rows, useSlots, without } from "./ruleParts";

/** 满赠: the condition says when, this says what. */
export function GiftForm({ benefit, currency, onChange }: BenefitProps<"gift">) {
  const slots = useSlots(currency);
  const put = (next: Partial<Of<"gift">>) => onChange({ ...benefit, ...next });
  const { gifts } = benefit;
  return (
    <>
      <GiftRows of={gifts} name="Gift" currency={currency} onChange={(next) => put({ gifts: next })} />
      <Sentence
        of="promotion.sentence.giftTerms"
        slots={{
          choose: slots.count("chooseGifts", benefit.choose, (choose) => put({ choose }), 56),
          every: slots.money("everyAmount", benefit.every_amount, (every_amount) => put({ every_amount })),
          times: slots.count("times", benefit.times_max, (times_max) => put({ times_max })),
        }}
      />
      <GiftRows of={benefit.instead ?? []} name="Instead" least={0} currency={currency} onChange={(instead) => put({ instead })} />
    </>
  );
}

type Gifts = Of<"gift">["gifts"];

/** Gifts, or those that are given where one has run out. */
function GiftRows({ of, name, currency, least, onChange }: { of: Gifts; name: "Gift" | "Instead"; currency: string; least?: number; onChange: (gifts: Gifts) => void }) {
  const { t } = useTranslation();
  const slots = useSlots(currency);
  return (
    <Rows of={of} least={least} add={t(`promotion.slots.add${name}`)} remove={(number) => t(`promotion.slots.remove${name}`, { number })} onAdd={() => onChange([...of, { sku: "", quantity: 1 }])} onRemove={(at) => onChange(without(of, at))}>
      {(gift, at) => (
        <Sentence
          of="promotion.sentence.gift"
          slots={{
            sku: <SkuInput label={t(`promotion.slots.nth${name}`, { number: at + 1 })} value={gift.sku} onChange={(sku) => onChange(changed(of, at, { sku }))} />,
            quantity: slots.count("quantity", gift.quantity ?? 1, (quantity) => onChange(changed(of, at, { quantity: quantity ?? 1 })), 56),
            stock: slots.count("giftStock", gift.stock, (stock) => onChange(changed(of, at, { stock }))),
          }}
        />
      )}
    </Rows>
  );
}

/** 会员价, 渠道价: a price for each SKU. */
export function PriceListForm({ benefit, currency, onChange }: BenefitProps<"price_list">) {
  const { t } = useTranslation();
  const slots = useSlots(currency);
  const prices = Object.entries(benefit.prices);
  const put = (rows: [string, number][]) => onChange({ ...benefit, prices: Object.fromEntries(rows) });
  return (
    <Rows of={prices} least={0} add={t("promotion.slots.addPrice")} remove={(number) => t("promotion.slots.removePrice", { number })} onAdd={() => put([...prices, ["", 0]])} onRemove={(at) => put(without(prices, at))}>
      {([sku, price], at) => (
        <Sentence
          of="promotion.sentence.priceOf"
          slots={{
            sku: <SkuInput label={t("promotion.slots.priced", { number: at + 1 })} value={sku} onChange={(next) => put(prices.map((row, index) => (index === at ? [next, row[1]] : row)))} />,
            price: slots.money("price", price, (minor) => put(prices.map((row, index) => (index === at ? [row[0], minor ?? 0] : row)))),
          }}
        />
      )}
    </Rows>
  );
}
