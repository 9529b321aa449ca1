import { Button } from "antd";
import { useTranslation } from "react-i18next";
import type { SoldItem } from "@/api/types";
import { CountInput, MoneyInput } from "@/components/inputs";
import { SkuInput } from "@/components/SkuInput";
import type { PartProps } from "@/components/useDocumentForm";
import { useSkuPrice } from "@/components/useSkuPrice";
import { money } from "@/lib/numbers";
import { BLANK_ITEM } from "./document";

export type SalePart = PartProps<"flash-sales"> & { fixed: boolean };

/** The goods: what each costs here, how many there are in each session, how many one customer may have. */
export function ItemsForm({ value, onChange, problem, fixed }: SalePart) {
  const { t } = useTranslation();
  const put = (at: number, item: SoldItem) => onChange({ ...value, items: value.items.map((one, place) => (place === at ? item : one)) });
  return (
    <section className="card">
      <h2>{t("flash.items")}</h2>
      <div className="sold-items">
        {value.items.map((item, at) => {
          const number = at + 1;
          const errors = ["sku", "price_minor", "stock", "limit_per_customer"].flatMap((name) => problem?.field(`items[${at}].${name}`) ?? []);
          return (
            <div key={at} className="sold-item">
              <div className="good">
                <SkuInput label={t("flash.slots.sku", { number })} value={item.sku} disabled={fixed} onChange={(sku) => put(at, { ...item, sku })} />
              </div>
              <label>
                {t("flash.fields.price_minor")}
                <MoneyInput label={t("flash.slots.price", { number })} value={item.price_minor} currency={value.currency} disabled={fixed} onChange={(price) => put(at, { ...item, price_minor: price ?? 0 })} />
              </label>
              <label>
                {t("flash.fields.stock")}
                <CountInput label={t("flash.slots.stock", { number })} value={item.stock} disabled={fixed} onChange={(stock) => put(at, { ...item, stock: stock ?? 0 })} />
              </label>
              <label>
                {t("flash.fields.limit_per_customer")}
                <CountInput label={t("flash.slots.limit", { number })} value={item.limit_per_customer ?? null} disabled={fixed} onChange={(limit) => put(at, { ...item, limit_per_customer: limit })} />
              </label>
              {!fixed && value.items.length > 1 && (
                <Button type="text" aria-label={t("flash.slots.remove", { number })} onClick={() => onChange({ ...value, items: value.items.filter((_, place) => place !== at) })}>
                  ✕
                </Button>
              )}
              <UsualPrice item={item} currency={value.currency} />
              {errors.map((error) => (
                <span key={error} className="wrong-note" role="alert">
                  {error}
                </span>
              ))}
            </div>
          );
        })}
      </div>
      {!fixed && (
        <p>
          <Button onClick={() => onChange({ ...value, items: [...value.items, BLANK_ITEM] })}>{t("flash.slots.add")}</Button>
        </p>
      )}
    </section>
  );
}

/** What the catalogue says of the price, and whether this one is under cost. */
function UsualPrice({ item, currency }: { item: SoldItem; currency: string }) {
  const { t } = useTranslation();
  const usual = useSkuPrice(item.sku);
  if (!usual) return null;
  if (usual.currency !== currency) return <span className="note">{t("flash.otherCurrency", { price: money(usual.price, usual.currency) })}</span>;
  const off = usual.price > 0 ? Math.round((1 - item.price_minor / usual.price) * 100) : 0;
  return (
    <span className="note">
      {off >= 0 ? t("flash.usualPrice", { price: money(usual.price, currency), off }) : t("flash.dearer", { price: money(usual.price, currency) })}
      {usual.cost !== null && item.price_minor < usual.cost && <span className="under"> {t("flash.underCost", { cost: money(usual.cost, currency) })}</span>}
    </span>
  );
}
