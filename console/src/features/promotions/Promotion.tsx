import { useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import { useNames } from "@/api/documents/all";
import { useDocument } from "@/api/documents/hooks";
import type { Item, PromotionDocument } from "@/api/types";
import { DocumentActions } from "@/components/DocumentActions";
import { describer } from "@/components/describe";
import { Go } from "@/components/Go";
import { History } from "@/components/History";
import { Page } from "@/components/Page";
import { StateTag } from "@/components/StateTag";
import { Loaded } from "@/components/states";
import { nowMs } from "@/lib/clock";
import { count } from "@/lib/numbers";
import { useParameter } from "@/lib/url";
import { CartPreview } from "./CartPreview";
import { completed, phaseOf } from "./document";
import { EffectTab } from "./EffectTab";
import { useMoves } from "./moves";
import { ruleWords, scopeWords, timeWords } from "./words";

/** One promotion: its rule and its price on a cart, its results, its history. */
export function Promotion() {
  const { t } = useTranslation();
  const { id } = useParams({ strict: false }) as { id: string };
  const item = useDocument("promotions", id);
  const { currency } = useCurrency();
  const { move } = useMoves();
  const [tab] = useParameter("tab", "overview");
  const tabs = ["overview", "results", "history"].map((name) => ({ id: name, label: t(`tabs.${name}`) }));
  const describe = describer(t, "promotion.fields", item.data?.document.currency ?? currency);
  return (
    <Page
      title={item.data?.document.name ?? t("stages.promotions")}
      back={{ to: "/promotions", label: t("stages.promotions") }}
      status={item.data && <StateTag state={phaseOf(item.data.state, item.data.document, nowMs())} />}
      action={item.data && <DocumentActions<"promotions"> item={item.data} edit={`/promotions/${id}/edit`} move={move} />}
      tabs={tabs}
    >
      <Loaded query={item}>
        {(loaded) => (
          <>
            {tab === "overview" && <Facts item={loaded} currency={currency} />}
            {tab === "results" && <EffectTab id={id} />}
            {tab === "history" && (
              <section className="card">
                <History kind="promotions" id={id} describe={describe} />
              </section>
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Facts({ item, currency }: { item: Item<PromotionDocument>; currency: string }) {
  const { t } = useTranslation();
  const document = completed(item.document, currency);
  const segments = useNames("segments");
  const batches = useNames("coupon-batches");
  const facts: [string, ReactNode][] = [
    ["goods", scopeWords(t, document)],
    ["time", timeWords(t, document)],
    ["who", document.condition.segments_any?.length ? document.condition.segments_any.map((one) => segments.get(one) ?? one).join(", ") : t("promotion.words.everyone")],
    ...((document.condition.tiers_any?.length ?? 0) > 0 ? [["tiers", document.condition.tiers_any?.join(", ")] as [string, ReactNode]] : []),
    ["channels", document.condition.channels_any?.length ? document.condition.channels_any.join(", ") : t("promotion.words.allChannels")],
    ["total", document.limits.total ? count(document.limits.total) : t("promotion.words.unlimited")],
    ["perCustomer", document.limits.per_customer ? count(document.limits.per_customer) : t("promotion.words.unlimited")],
    ["code", document.code_batch ? <Go to={`/promotions/batches/${document.code_batch}`}>{batches.get(document.code_batch) ?? document.code_batch}</Go> : t("promotion.words.noCode")],
    ["stacking", t(document.exclusive ? "promotion.words.alone" : "promotion.words.stacks")],
  ];
  return (
    <div className="two">
      <section className="card">
        <p className="big">{ruleWords(t, document, currency)}</p>
        <dl className="facts">
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{t(`promotion.facts.${name}`)}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </section>
      <CartPreview id={item.id} document={document} />
    </div>
  );
}
