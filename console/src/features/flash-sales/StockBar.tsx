import { useTranslation } from "react-i18next";
import { count } from "@/lib/numbers";
import type { Stock } from "./document";
import "./flash-sales.css";

const PARTS = ["sold", "reserved", "left"] as const;

/** Stock as one bar: sold, reserved, left. Told in words too; the pattern tells the parts apart, not the colour alone. */
export function StockBar({ stock, small = false }: { stock: Stock; small?: boolean }) {
  const { t } = useTranslation();
  const words = PARTS.map((part) => `${t(`flash.parts.${part}`)} ${count(stock[part])}`).join(" · ");
  return (
    <span className={small ? "stock small" : "stock"}>
      <span className="stock-bar" role="img" aria-label={words} title={words}>
        {PARTS.map((part) => (stock[part] > 0 ? <i key={part} className={part} style={{ flexGrow: stock[part] }} /> : null))}
      </span>
      {small && <span className="note nowrap">{t("flash.leftOf", { left: count(stock.left), stock: count(stock.stock) })}</span>}
    </span>
  );
}
