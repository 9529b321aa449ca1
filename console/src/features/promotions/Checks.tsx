import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { lowestPrices } from "@/api/price-lowest";
import { ruleFindings } from "@/api/rule-findings";
import type { DraftPromotion, LowestPrice, PromotionDocument } from "@/api/types";
import { Failure, Waiting } from "@/components/states";
import { asApiError } from "@/api/problem";
import { money } from "@/lib/numbers";
import { useSettled } from "@/lib/useSettled";
import { trimmed } from "./document";
import { OrderReplay } from "./OrderReplay";

interface Props {
  id: string;
  document: PromotionDocument;
  currency: string;
}

const SETTLE_MS = 800;

/** What the draft would do beside everything that is live: what is wrong, how low prices fall, last week again. */
export function Checks({ id, document, currency }: Props) {
  const { t } = useTranslation();
  const draft = useSettled<DraftPromotion>({ ...trimmed(document), id, name: document.name || t("promotion.preview.draft") }, SETTLE_MS);
  const found = useQuery({ queryKey: ["findings", draft], queryFn: ({ signal }) => ruleFindings([draft], signal), retry: false, placeholderData: (previous) => previous });
  const lowest = useQuery({ queryKey: ["lowest", draft], queryFn: ({ signal }) => lowestPrices([draft], signal), retry: false, placeholderData: (previous) => previous });
  const failed = found.error ?? lowest.error;
  return (
    <section className="card" aria-label={t("promotion.checks.title")} aria-busy={found.isFetching || lowest.isFetching}>
      <h2>{t("promotion.checks.title")}</h2>
      {failed ? (
        asApiError(failed).status === 400 ? <p className="note">{t("promotion.preview.incomplete")} {asApiError(failed).fields[0]?.detail}</p> : <Failure error={failed} retry={() => void Promise.all([found.refetch(), lowest.refetch()])} />
      ) : (
        <div className="stack">
          {found.data ? <Found items={found.data.items.map((one) => one.detail)} /> : <Waiting lines={1} />}
          {lowest.data ? <Lowest items={lowest.data.items} currency={currency} /> : <Waiting lines={3} />}
        </div>
      )}
      <OrderReplay draft={draft} currency={currency} />
    </section>
  );
}

function Found({ items }: { items: string[] }) {
  const { t } = useTranslation();
  if (items.length === 0) return <p className="check good">✓ {t("promotion.checks.nothingWrong")}</p>;
  return items.map((one) => (
    <p key={one} className="check bad">
      ! {one}
    </p>
  ));
}

const SHOWN = 5;

function Lowest({ items, currency }: { items: LowestPrice[]; currency: string }) {
  const { t } = useTranslation();
  const under = items.filter((one) => one.below_cost).length;
  if (items.length === 0) return <p className="note">{t("promotion.checks.noGoods")}</p>;
  return (
    <div>
      <h3>{under ? t("promotion.checks.belowCost", { count: under }) : t("promotion.checks.noneBelowCost")}</h3>
      <table className="lowest">
        <thead>
          <tr>
            <th>{t("promotion.checks.sku")}</th>
            <th className="num">{t("promotion.checks.price")}</th>
            <th className="num">{t("promotion.checks.lowest")}</th>
            <th className="num">{t("promotion.checks.cost")}</th>
          </tr>
        </thead>
        <tbody>
          {items.slice(0, SHOWN).map((one) => (
            <tr key={one.sku} title={one.reached_by?.applied.map((applied) => applied.name).join(" + ")}>
              <td>{one.sku}</td>
              <td className="num">{money(one.price, currency)}</td>
              <td className={one.below_cost ? "num under" : "num"}>{money(one.lowest_price, currency)}</td>
              <td className="num">{one.cost === null ? "–" : money(one.cost, currency)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="note">{t("promotion.checks.how")}</p>
    </div>
  );
}
