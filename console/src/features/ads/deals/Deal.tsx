import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import type { DealDocument, Item } from "@/api/types";
import { DocumentEditor } from "@/components/DocumentEditor";
import { StoredDocument } from "@/components/StoredDocument";
import { Waiting } from "@/components/states";
import "@/features/ads/ads.css";
import { DealForm } from "./DealForm";
import { DeliveryView } from "./DeliveryView";
import { Free } from "./Free";

const COUNTS = /impressions|priority/;

export function NewDeal() {
  const { currency, known } = useCurrency();
  return known ? <Editor key={currency} start={{ name: "", kind: "guaranteed", currency, cpm_minor: 1_000 }} /> : <Waiting />;
}

/** One deal: how its promise is kept, what was agreed, its history. */
export function Deal() {
  return (
    <StoredDocument kind="deals" back={useBack()}>
      {(item) => <Editor key={item.revision} item={item} start={item.document} />}
    </StoredDocument>
  );
}

function useBack() {
  const { t } = useTranslation();
  return { to: "/ads", extra: { tab: "deals" }, label: t("ads.tabs.deals") };
}

function Editor({ item, start }: { item?: Item<DealDocument>; start: DealDocument }) {
  const { t } = useTranslation();
  const delivery = { id: "delivery", label: t("deals.delivery"), shown: (loaded: Item<DealDocument>) => <DeliveryView deal={loaded} /> };
  return (
    <DocumentEditor<"deals">
      kind="deals"
      item={item}
      start={start}
      base="/ads/deals"
      words="deals"
      back={useBack()}
      currency={start.currency}
      counts={COUNTS}
      tabs={start.kind === "guaranteed" ? [delivery] : []}
      form={(part) => <DealForm {...part} item={item} />}
      beside={(value) => <Free deal={value} />}
    />
  );
}
