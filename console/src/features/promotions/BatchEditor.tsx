import { useTranslation } from "react-i18next";
import { useAllDocuments } from "@/api/documents/all";
import { useMayWrite } from "@/api/session-hook";
import type { CouponBatchDocument, Item } from "@/api/types";
import { DocumentEditor } from "@/components/DocumentEditor";
import { Go } from "@/components/Go";
import { StateTag } from "@/components/StateTag";
import { StoredDocument } from "@/components/StoredDocument";
import { Empty, Loaded } from "@/components/states";
import { count } from "@/lib/numbers";
import { BatchDownload } from "./BatchDownload";
import { BatchForm } from "./BatchForm";
import { BatchGifts } from "./BatchGifts";
import { BatchStates } from "./BatchStates";
import { BatchVoids } from "./BatchVoids";
import { codesIn } from "./Batches";
import { CodeLookup } from "./CodeLookup";
import "./coupons.css";

const BLANK: CouponBatchDocument = { name: "", prefix: "", count: 1000, uses_per_code: 1, uses_per_customer: 1, uses_total: null, starts_at: null, ends_at: null };

export function NewBatch() {
  return <Editor start={BLANK} />;
}

export function Batch() {
  return (
    <StoredDocument kind="coupon-batches" back={useBack()}>
      {(item) => <Editor key={item.revision} item={item} start={item.document} />}
    </StoredDocument>
  );
}

function useBack() {
  const { t } = useTranslation();
  return { to: "/promotions", extra: { tab: "batches" }, label: t("promotion.tabs.batches") };
}

function Editor({ item, start }: { item?: Item<CouponBatchDocument>; start: CouponBatchDocument }) {
  const { t } = useTranslation();
  const gifts = { id: "gifts", label: t("coupons.tabs.gifts"), shown: (loaded: Item<CouponBatchDocument>) => <BatchGifts id={loaded.id} name={loaded.document.name} /> };
  return (
    <DocumentEditor<"coupon-batches">
      kind="coupon-batches"
      item={item}
      start={start}
      base="/promotions/batches"
      words="batches"
      back={useBack()}
      currency="CNY"
      tabs={[
        { id: "overview", shown: (loaded) => <Overview item={loaded} /> },
        ...(item?.document.personal ? [gifts] : []),
        { id: "voids", label: t("coupons.tabs.voids"), shown: (loaded) => <BatchVoids id={loaded.id} codes={codesIn(loaded.document)} /> },
      ]}
      form={(part) => (
        <section className="card form">
          <BatchForm {...part} />
        </section>
      )}
      beside={(value) => <Sum document={value} />}
    />
  );
}

/** What became of the codes, the codes as a file, one code, and the promotions that ask for them. */
function Overview({ item }: { item: Item<CouponBatchDocument> }) {
  const { t } = useTranslation();
  return (
    <div className="two">
      <div className="stack">
        <BatchStates id={item.id} personal={Boolean(item.document.personal)} />
        {useMayWrite() && item.state !== "draft" && <BatchDownload id={item.id} codes={codesIn(item.document)} />}
        {item.state === "draft" && <p className="notice">{t("coupons.download.draft")}</p>}
        <CodeLookup />
      </div>
      <aside className="card beside stack" aria-label={t("batches.askedBy")}>
        <AskedBy id={item.id} />
      </aside>
    </div>
  );
}

/** What the batch comes to: how often it can be used. */
function Sum({ document }: { document: CouponBatchDocument }) {
  const { t } = useTranslation();
  const uses = Math.min(codesIn(document) * document.uses_per_code, document.uses_total ?? Infinity);
  return (
    <aside className="card beside stack" aria-label={t("batches.sum")}>
      <h2>{t("batches.sum")}</h2>
      <p>{t("batches.uses", { codes: count(codesIn(document)), uses: count(uses) })}</p>
      {document.count && <p className="note">{t("coupons.made")}</p>}
    </aside>
  );
}

function AskedBy({ id }: { id: string }) {
  const { t } = useTranslation();
  const promotions = useAllDocuments("promotions");
  return (
    <Loaded query={promotions} lines={2}>
      {(items) => {
        const asking = items.filter((item) => item.document.code_batch === id);
        if (asking.length === 0) return <Empty action={<Go to="/promotions/new">{t("promotion.create")}</Go>}>{t("batches.unused")}</Empty>;
        return (
          <div>
            <h2>{t("batches.askedBy")}</h2>
            <ul className="plain">
              {asking.map((item) => (
                <li key={item.id} className="row">
                  <Go to={`/promotions/${item.id}`}>{item.document.name}</Go> <StateTag state={item.state} />
                </li>
              ))}
            </ul>
          </div>
        );
      }}
    </Loaded>
  );
}
