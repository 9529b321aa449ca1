import type { UseQueryResult } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { EffectReconciliation } from "@/api/types";
import { Failure, Waiting } from "@/components/states";
import { count, DASH, money } from "@/lib/numbers";
import { clockText, parseInstant } from "@/lib/time";
import { useNoted } from "./useNoted";

/** Whether the figures of all time are those of the ledger, to the last minor unit. */
export function EffectBooks({ query, currency }: { query: UseQueryResult<EffectReconciliation>; currency: string }) {
  const { t } = useTranslation();
  if (query.error) return <Failure error={query.error} retry={() => void query.refetch()} />;
  return (
    <section className="card effect-books" data-testid="effect-books">
      {query.data ? <Books books={query.data} currency={query.data.currencies[0] ?? currency} /> : <><p className="note">{t("effect.books.checking")}</p><Waiting lines={1} /></>}
    </section>
  );
}

function Books({ books, currency }: { books: EffectReconciliation; currency: string }) {
  const { t } = useTranslation();
  const noted = useNoted();
  const time = clockText(parseInstant(books.asked_at) ?? 0);
  const side = (key: string, uses: number, discount: number) => t(`effect.books.${key}`, { uses: count(uses), discount: money(discount, currency) });
  const parts = [side("told", books.told.uses, books.told.discount), books.on_the_way.uses || books.on_the_way.discount ? side("onTheWay", books.on_the_way.uses, books.on_the_way.discount) : "", side("ledger", books.ledger_uses, books.ledger_discount), books.ledger_codes === null ? "" : t("effect.books.codes", { codes: count(books.ledger_codes) })];
  return (
    <>
      <p className={books.agrees ? "check good" : "check bad"}>
        <span aria-hidden="true">{books.agrees ? "✓" : "✕"}</span> {books.agrees ? t("effect.books.agrees") : t("effect.books.differs", { uses: count(books.difference_uses), discount: money(books.difference_discount, currency) })} <span className="note">{t("effect.books.asOf", { time })}</span>
      </p>
      <p className="note">{parts.filter(Boolean).join(" · ")}</p>
      {books.notes.map((note) => (
        <p className="note" key={note.code}>
          {noted(note)}
        </p>
      ))}
      {books.differences.length > 0 && (
        <table>
          <caption>{t("effect.books.list")}</caption>
          <thead>
            <tr>
              {["order", "here", "there", "why"].map((name, at) => (
                <th key={name} scope="col" className={at === 1 || at === 2 ? "num" : undefined}>
                  {t(`effect.books.${name}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {books.differences.map((one) => (
              <tr key={one.redemption_id}>
                <td data-label={t("effect.books.order")}>
                  <code>{one.order_id}</code>
                </td>
                <td className="num" data-label={t("effect.books.here")}>{`${count(one.uses)} · ${money(one.discount, currency)}`}</td>
                <td className="num" data-label={t("effect.books.there")}>{one.uses_in_ledger === null && one.discount_in_ledger === null ? DASH : `${count(one.uses_in_ledger)} · ${money(one.discount_in_ledger, currency)}`}</td>
                <td data-label={t("effect.books.why")}>{noted(one.note)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}
