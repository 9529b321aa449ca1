import { useTranslation } from "react-i18next";
import type { Quote } from "@/api/types";
import { money } from "@/lib/numbers";
import type { Good } from "./sampleCarts";
import "./promotions.css";

interface Props {
  quote: Quote;
  names: Map<string, string>;
  goods: Good[];
  currency: string;
  busy: boolean;
}

/** A priced cart, line by line, with the reason for every amount. */
export function QuoteView({ quote, names, goods, currency, busy }: Props) {
  const { t } = useTranslation();
  const good = (sku: string) => {
    const known = goods.find((one) => one.sku === sku);
    return known ? `${known.name} ${sku}` : sku;
  };
  return (
    <div className="quote" aria-live="polite" aria-busy={busy} data-testid="quote">
      <ul>
        {quote.lines.map((line) => (
          <li key={line.id}>
            <div className="quote-line">
              <span>
                {good(line.sku)} × {line.quantity}
              </span>
              <span className="num">
                {line.discount > 0 && <del>{money(line.total + line.discount, currency)}</del>} {money(line.total, currency)}
              </span>
            </div>
            {line.applied.map((share) => (
              <div className="quote-line note" key={share.promotion_id}>
                <span>{t("promotion.preview.because", { name: names.get(share.promotion_id) ?? share.promotion_id })}</span>
                <span className="num">{money(-share.amount, currency)}</span>
              </div>
            ))}
          </li>
        ))}
      </ul>
      <dl>
        <Sum label={t("promotion.preview.items")} value={money(quote.totals.items, currency)} />
        <Sum label={t("promotion.preview.discount")} value={money(-quote.totals.discount, currency)} />
        <div className="quote-line total">
          <dt>{t("promotion.preview.total")}</dt>
          <dd className="big" data-testid="quote-total">
            {money(quote.totals.total, currency)}
          </dd>
        </div>
      </dl>
      <Refusals refused={quote.refused} names={names} currency={currency} />
      {quote.suggestions?.slice(0, 1).map((one) => (
        <p className="note" key={one.promotion_id}>
          {t("promotion.preview.suggestion", { good: good(one.add[0]?.sku ?? ""), cost: money(one.cost, currency), saves: money(one.saves, currency) })}
        </p>
      ))}
    </div>
  );
}

function Sum({ label, value }: { label: string; value: string }) {
  return (
    <div className="quote-line">
      <dt>{label}</dt>
      <dd className="num">{value}</dd>
    </div>
  );
}

function Refusals({ refused, names, currency }: Pick<Props, "names" | "currency"> & { refused: Quote["refused"] }) {
  const { t } = useTranslation();
  return refused.map((one) => {
    const short = one.shortfall ? t(one.shortfall_unit === "unit" ? "promotion.preview.shortUnits" : "promotion.preview.short", { amount: one.shortfall_unit === "unit" ? one.shortfall : money(one.shortfall, currency) }) : "";
    return (
      <p className="note" key={one.promotion_id ?? one.code}>
        {t("promotion.preview.refused", { name: names.get(one.promotion_id ?? "") ?? one.name ?? one.promotion_id ?? one.code })}
        {t(`reasons.${one.reason}`, { defaultValue: one.reason })} {short}
      </p>
    );
  });
}
