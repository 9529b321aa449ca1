import { useQueries } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { getDocument } from "@/api/documents/get";
import type { Quote } from "@/api/types";
import { Go } from "@/components/Go";
import { money } from "@/lib/numbers";
import { LAYERS, layerOf } from "./layer";
import type { Applied } from "./trial";

const AROUND = ["shipping", "gift", "points", "cashback"] as const;

/** What applied, in the order in which layers are reckoned, each with what it gives. */
export function TrialLayers({ quote, currency, nameOf }: { quote: Quote; currency: string; nameOf: (sku: string) => string }) {
  const { t } = useTranslation();
  const { applied } = quote;
  const documents = useQueries({ queries: applied.map((one) => ({ queryKey: ["promotions", "one", one.promotion_id], queryFn: () => getDocument("promotions", one.promotion_id) })) });
  const layers = new Map(applied.map((one, at) => [one, documents[at]?.data ? layerOf(documents[at].data.document) : "order"]));
  const onGoods = applied.filter((one) => (one.kind ?? "items") === "items");
  const groups = [
    ...LAYERS.map((layer) => ({ id: layer as string, title: t(`promotion.choices.layer.${layer}`), items: onGoods.filter((one) => layers.get(one) === layer) })),
    ...AROUND.map((kind) => ({ id: kind as string, title: t(`trying.around.${kind}`), items: applied.filter((one) => one.kind === kind) })),
  ].filter((group) => group.items.length > 0);
  return (
    <section className="card">
      <h2>{t("trying.applied")}</h2>
      {groups.length === 0 && <p className="note">{t("trying.nobody")}</p>}
      <ol className="trial-layers">
        {groups.map((group, at) => (
          <li key={`${group.id}-${at}`}>
            <h3>{group.title}</h3>
            <ul>
              {group.items.map((one) => (
                <li className="trial-row" key={one.promotion_id}>
                  <span>
                    <Go to={`/promotions/${one.promotion_id}`}>{one.name}</Go> <Besides one={one} quote={quote} currency={currency} nameOf={nameOf} />
                  </span>
                  <span className="num">{one.amount ? money(-one.amount, currency) : ""}</span>
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** Its code, and what it gives beside money off. */
function Besides({ one, quote, currency, nameOf }: { one: Applied; quote: Quote; currency: string; nameOf: (sku: string) => string }) {
  const { t } = useTranslation();
  const gifts = quote.gifts.filter((gift) => gift.promotion_id === one.promotion_id).map((gift) => `${nameOf(gift.sku)} × ${gift.quantity}`);
  const parts = [
    one.code ? t("trying.withCode", { code: one.code }) : "",
    gifts.length ? t("trying.gifts", { gifts: gifts.join(t("promotion.words.comma")) }) : "",
    one.points ? t("trying.earns", { points: one.points }) : "",
    one.points_used ? t("trying.usesPoints", { points: one.points_used }) : "",
    one.value ? t("trying.worth", { value: money(one.value, currency) }) : "",
  ].filter(Boolean);
  return <span className="note">{parts.join(" · ")}</span>;
}
