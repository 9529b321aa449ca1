import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import { useGoodsOf } from "@/api/goods-names-hook";
import type { CartLine } from "@/api/quote";
import { asApiError } from "@/api/problem";
import { Page } from "@/components/Page";
import { Empty, Failure, Waiting } from "@/components/states";
import { usePromotionTabs } from "@/lib/usePromotionTabs";
import { useAddress, useSetAddress } from "@/lib/url";
import { questionOf, readCircumstances, readLines, withMore, writeLines } from "./trial";
import { TrialAnswer } from "./TrialAnswer";
import { TrialForm } from "./TrialForm";
import { useQuote } from "./useQuote";
import "./trial.css";

/** Any cart, priced by all that is live, and the price explained. */
export function TryCart() {
  const { t } = useTranslation();
  const tabs = usePromotionTabs();
  const { currency } = useCurrency();
  const search = useAddress();
  const set = useSetAddress();
  const lines = readLines(search.cart ?? "");
  const asked = readCircumstances(search);
  const goods = useGoodsOf(lines.map((line) => line.sku));
  const put = (next: CartLine[]) => set({ cart: writeLines(next) || undefined });
  return (
    <Page title={t("stages.promotions")} name={t("trying.title")} tabs={tabs} tab="try">
      <div className="trial">
        <section className="card trial-form" aria-label={t("trying.title")}>
          <h2>{t("trying.title")}</h2>
          <TrialForm lines={lines} onLines={put} asked={asked} onAsked={(change) => set(change)} goods={goods} currency={currency} />
        </section>
        <div className="stack trial-answer">
          {lines.length === 0 ? (
            <section className="card">
              <p className="note">{t("trying.intro")}</p>
              <Empty>{t("trying.nothing")}</Empty>
            </section>
          ) : (
            <Answered lines={lines} asked={asked} goods={goods} currency={currency} onTake={(more) => put(withMore(lines, more))} />
          )}
        </div>
      </div>
    </Page>
  );
}

type Props = Pick<React.ComponentProps<typeof TrialForm>, "lines" | "asked" | "goods" | "currency"> & { onTake: (more: { sku: string; quantity: number }[]) => void };

function Answered({ lines, asked, goods, currency, onTake }: Props) {
  const quote = useQuote(questionOf(lines, asked, currency));
  if (quote.error) return <Failure error={asApiError(quote.error)} retry={() => void quote.refetch()} />;
  if (!quote.data) return <Waiting lines={8} />;
  return <TrialAnswer quote={quote.data} goods={goods} currency={currency} busy={quote.isPlaceholderData} onTake={onTake} />;
}
