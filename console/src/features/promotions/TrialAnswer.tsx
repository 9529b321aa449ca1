import { useTranslation } from "react-i18next";
import type { KnownGood } from "@/api/goods-names-hook";
import type { Quote } from "@/api/types";
import { money, percent } from "@/lib/numbers";
import { givenOf, payersOf, type Suggestion, unitGroups } from "./trial";
import { TrialLayers } from "./TrialLayers";
import { TrialRefused } from "./TrialRefused";

interface Props {
  quote: Quote;
  goods: Map<string, KnownGood>;
  currency: string;
  busy: boolean;
  onTake: (more: { sku: string; quantity: number }[]) => void;
}

/** The price explained: what is paid, what applied in which layer, who pays for it, what did not apply and why. */
export function TrialAnswer({ quote, goods, currency, busy, onTake }: Props) {
  const names = new Map([...quote.applied, ...quote.refused].flatMap((one) => (one.promotion_id && one.name ? [[one.promotion_id, one.name] as const] : [])));
  const nameOf = (sku: string) => goods.get(sku)?.name ?? sku;
  return (
    <div className="stack trial-answer" aria-live="polite" aria-busy={busy} data-testid="trial">
      <Headline quote={quote} currency={currency} />
      <Lines quote={quote} currency={currency} nameOf={nameOf} names={names} />
      <TrialLayers quote={quote} currency={currency} nameOf={nameOf} />
      <Costs quote={quote} currency={currency} goods={goods} />
      <AddOns suggestions={quote.suggestions} names={names} currency={currency} onTake={onTake} />
      <TrialRefused refused={quote.refused} names={names} currency={currency} />
    </div>
  );
}

function Headline({ quote, currency }: { quote: Quote; currency: string }) {
  const { t } = useTranslation();
  const { totals, applied, refused, proof } = quote;
  const saved = totals.discount + totals.shipping_discount;
  const words = { saved: money(saved, currency), total: money(totals.total, currency), applied: applied.length, refused: refused.length };
  const said = proof.optimal ? "proven" : proof.upper_bound >= totals.items ? "unproven" : "bounded";
  const facts: [string, string][] = [
    ["items", money(totals.items, currency)],
    ["discount", money(-totals.discount, currency)],
    ...(totals.shipping ? ([["shipping", money(totals.shipping, currency)], ["shippingOff", money(-totals.shipping_discount, currency)]] as [string, string][]) : []),
    ...(totals.tax ? ([["tax", money(totals.tax, currency)]] as [string, string][]) : []),
    ["off", percent(totals.items ? totals.discount / totals.items : null)],
  ];
  return (
    <section className="card">
      <h2 data-testid="trial-title">{t(applied.length ? "trying.answer" : "trying.answerNothing", words)}</h2>
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{t(`trying.key.${name}`)}</dt>
            <dd>{value}</dd>
          </div>
        ))}
        <div>
          <dt>{t("trying.key.total")}</dt>
          <dd className="big" data-testid="trial-total">
            {words.total}
          </dd>
        </div>
      </dl>
      <p className="note trial-proof">{t(`trying.${said}`, { bound: money(proof.upper_bound, currency), more: money(proof.upper_bound - totals.discount, currency) })}</p>
    </section>
  );
}

function Lines({ quote, currency, nameOf, names }: { quote: Quote; currency: string; nameOf: (sku: string) => string; names: Map<string, string> }) {
  const { t } = useTranslation();
  const columns = ["unit", "pieces", "perUnit", "off", "pays"] as const;
  return (
    <section className="card">
      <h2>{t("trying.lines")}</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("promotion.goods")}</th>
            {columns.map((name) => (
              <th key={name} scope="col" className="num">
                {t(`trying.${name}`)}
              </th>
            ))}
            <th scope="col">{t("trying.because")}</th>
          </tr>
        </thead>
        <tbody>
          {quote.lines.map((line) => (
            <tr key={line.id}>
              <td data-label={t("promotion.goods")}>
                {nameOf(line.sku)} <span className="note">{line.sku}</span>
              </td>
              <td className="num" data-label={t("trying.unit")}>{money(line.unit_price, currency)}</td>
              <td className="num" data-label={t("trying.pieces")}>{line.quantity}</td>
              <td className="num" data-label={t("trying.perUnit")}>
                <Units line={line} currency={currency} />
              </td>
              <td className="num" data-label={t("trying.off")}>{money(-line.discount, currency)}</td>
              <td className="num" data-label={t("trying.pays")}>{money(line.total, currency)}</td>
              <td data-label={t("trying.because")}>
                <span className="trial-because">
                  {line.applied.map((share) => (
                    <span className="note" key={share.promotion_id}>
                      {names.get(share.promotion_id) ?? share.promotion_id} {money(-share.amount, currency)}
                    </span>
                  ))}
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Units({ line, currency }: { line: Quote["lines"][number]; currency: string }) {
  const { t } = useTranslation();
  return (
    <span className="trial-because">
      {unitGroups(line.units).map((group, at) => (
        <span className="note" key={at}>
          {t(group.off ? "trying.units" : "trying.unitsFull", { count: group.count, pays: money(group.pays, currency), off: money(group.off, currency) })}
        </span>
      ))}
    </span>
  );
}

function Costs({ quote, currency, goods }: { quote: Quote; currency: string; goods: Map<string, KnownGood> }) {
  const { t } = useTranslation();
  const given = givenOf(quote.applied);
  const payers = Object.entries(payersOf(quote.applied)).filter(([, amount]) => amount > 0);
  return (
    <section className="card">
      <h2>{t("trying.costs")}</h2>
      <p>{given ? t("trying.given", { amount: money(given, currency) }) : t("trying.givenNone")}</p>
      {payers.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">{t("trying.payer")}</th>
              <th scope="col" className="num">{t("trying.amount")}</th>
              <th scope="col" className="num">{t("trying.share")}</th>
            </tr>
          </thead>
          <tbody>
            {payers.map(([payer, amount]) => (
              <tr key={payer}>
                <td data-label={t("trying.payer")}>{t(`promotion.choices.payer.${payer}`)}</td>
                <td className="num" data-label={t("trying.amount")}>{money(amount, currency)}</td>
                <td className="num" data-label={t("trying.share")}>{percent(amount / given)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p className="note">{marginWords(t, quote, goods, currency)}</p>
    </section>
  );
}

/** What is left after the goods' cost and all that is given; delivery and tax are no margin. */
function marginWords(t: (key: string, vars?: Record<string, unknown>) => string, quote: Quote, goods: Map<string, KnownGood>, currency: string): string {
  const costs = quote.lines.map((line) => ({ cost: goods.get(line.sku)?.cost ?? null, quantity: line.quantity }));
  if (costs.some(({ cost }) => cost === null)) return t("trying.marginUnknown");
  const cost = costs.reduce((sum, one) => sum + (one.cost ?? 0) * one.quantity, 0);
  const paid = quote.totals.items - quote.totals.discount;
  const margin = paid - cost - quote.totals.shipping_discount - (quote.cashback ?? 0) - quote.gifts.reduce((sum, one) => sum + one.value * one.quantity, 0);
  return t("trying.margin", { margin: money(margin, currency), rate: percent(paid ? margin / paid : null) });
}

function AddOns({ suggestions, names, currency, onTake }: { suggestions: Suggestion[]; names: Map<string, string>; currency: string; onTake: Props["onTake"] }) {
  const { t } = useTranslation();
  return (
    <section className="card">
      <h2>{t("trying.addOns")}</h2>
      {suggestions.length === 0 && <p className="note">{t("trying.noAddOns")}</p>}
      <ul className="trial-adds">
        {suggestions.map((one) => (
          <li key={one.promotion_id}>
            <span>
              {t(one.worth ? "trying.addOnWorth" : "trying.addOn", { goods: one.add.map((more) => `${more.sku} × ${more.quantity}`).join(t("promotion.words.comma")), cost: money(one.cost, currency), saves: money(one.saves, currency), worth: money(one.worth ?? 0, currency) })}{" "}
              <span className="note">
                {t("trying.addOnNet", { net: money(one.cost - one.saves, currency) })} · {names.get(one.promotion_id) ?? one.promotion_id}
              </span>
            </span>
            <button type="button" className="act" onClick={() => onTake(one.add)}>
              {t("trying.take")}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
