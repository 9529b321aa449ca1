import { useParams } from "@tanstack/react-router";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import { useDocument } from "@/api/documents/hooks";
import { useMayWrite } from "@/api/session-hook";
import type { Item, PromotionDocument } from "@/api/types";
import { describer } from "@/components/describe";
import { History } from "@/components/History";
import { Page } from "@/components/Page";
import { StateTag } from "@/components/StateTag";
import { Loaded } from "@/components/states";
import { count } from "@/lib/numbers";
import { useGo, useParameter } from "@/lib/url";
import { CartPreview } from "./CartPreview";
import { completed } from "./document";
import { useMoves } from "./moves";
import { Results } from "./Results";
import { benefitWords, scopeWords, timeWords } from "./words";

/** One promotion: its rule and its price on a cart, its results, its history. */
export function Promotion() {
  const { t } = useTranslation();
  const { id } = useParams({ strict: false }) as { id: string };
  const item = useDocument("promotions", id);
  const { currency } = useCurrency();
  const [tab] = useParameter("tab", "overview");
  const tabs = ["overview", "results", "history"].map((name) => ({ id: name, label: t(`tabs.${name}`) }));
  const describe = describer(t, "promotion.fields", item.data?.document.currency ?? currency);
  return (
    <Page
      title={item.data?.document.name ?? t("stages.promotions")}
      back={{ to: "/promotions", label: t("stages.promotions") }}
      status={item.data && <StateTag state={item.data.state} />}
      action={item.data && <Actions item={item.data} />}
      tabs={tabs}
    >
      <Loaded query={item}>
        {(loaded) => (
          <>
            {tab === "overview" && <Facts item={loaded} currency={currency} />}
            {tab === "results" && <Results id={id} />}
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

function Actions({ item }: { item: Item<PromotionDocument> }) {
  const { t } = useTranslation();
  const go = useGo();
  const { move } = useMoves();
  if (!useMayWrite() || item.state === "archived") return null;
  return (
    <>
      <Button danger type="text" onClick={() => move(item, "archive")}>
        {t("act.archive")}
      </Button>
      <Button onClick={() => go(`/promotions/${item.id}/edit`)}>{t("act.edit")}</Button>
      {item.state === "live" ? (
        <Button type="primary" onClick={() => move(item, "pause")}>
          {t("act.pause")}
        </Button>
      ) : (
        <Button type="primary" onClick={() => move(item, "publish")}>
          {t("act.publish")}
        </Button>
      )}
    </>
  );
}

function Facts({ item, currency }: { item: Item<PromotionDocument>; currency: string }) {
  const { t } = useTranslation();
  const document = completed(item.document, currency);
  const words = document.currency ?? currency;
  const facts: [string, string][] = [
    ["goods", scopeWords(t, document)],
    ["time", timeWords(t, document)],
    ["who", document.condition.segments_any?.length ? document.condition.segments_any.join(", ") : t("promotion.words.everyone")],
    ["channels", document.condition.channels_any?.length ? document.condition.channels_any.join(", ") : t("promotion.words.allChannels")],
    ["total", document.limits.total ? count(document.limits.total) : t("promotion.words.unlimited")],
    ["perCustomer", document.limits.per_customer ? count(document.limits.per_customer) : t("promotion.words.unlimited")],
    ["code", document.code_batch ?? t("promotion.words.noCode")],
    ["stacking", t(document.exclusive ? "promotion.words.alone" : "promotion.words.stacks")],
  ];
  return (
    <div className="two">
      <section className="card">
        <p className="big">{benefitWords(t, document.benefit, words)}</p>
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
