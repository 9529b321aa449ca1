import { useParams } from "@tanstack/react-router";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { useAllDocuments } from "@/api/documents/all";
import { useDocument } from "@/api/documents/hooks";
import { useMayWrite } from "@/api/session-hook";
import type { CouponBatchDocument, Item } from "@/api/types";
import { describer } from "@/components/describe";
import { DocumentActions } from "@/components/DocumentActions";
import { Go } from "@/components/Go";
import { History } from "@/components/History";
import { Page } from "@/components/Page";
import { Restored } from "@/components/Restored";
import { StateTag } from "@/components/StateTag";
import { Empty, Failure, Loaded } from "@/components/states";
import { useDocumentForm } from "@/components/useDocumentForm";
import { useMoves } from "@/components/useMoves";
import { count } from "@/lib/numbers";
import { useParameter } from "@/lib/url";
import { BatchForm } from "./BatchForm";
import { codesIn } from "./Batches";

const BLANK: CouponBatchDocument = { name: "", prefix: "", count: 1000, uses_per_code: 1, uses_per_customer: 1, uses_total: null, starts_at: null, ends_at: null };

export function NewBatch() {
  return <Editor start={BLANK} />;
}

export function Batch() {
  const { id } = useParams({ strict: false }) as { id: string };
  const item = useDocument("coupon-batches", id);
  return <Loaded query={item}>{(loaded) => <Editor key={loaded.revision} item={loaded} start={loaded.document} />}</Loaded>;
}

function Editor({ item, start }: { item?: Item<CouponBatchDocument>; start: CouponBatchDocument }) {
  const { t } = useTranslation();
  const form = useDocumentForm({ kind: "coupon-batches", item, start, base: "/promotions/batches" });
  const { move } = useMoves({ kind: "coupon-batches", words: "batches" });
  const mayWrite = useMayWrite();
  const [tab] = useParameter("tab", "rule");
  const fixed = !mayWrite || item?.state === "archived";
  return (
    <Page
      title={item?.document.name ?? t("batches.create")}
      back={{ to: "/promotions", extra: { tab: "batches" }, label: t("promotion.tabs.batches") }}
      status={item && <StateTag state={item.state} />}
      action={
        !fixed && (
          <>
            {item && <DocumentActions<"coupon-batches"> item={item} move={move} />}
            <Button type="primary" loading={form.busy} onClick={form.save}>
              {t(item ? "act.saveRevision" : "act.saveDraft")}
            </Button>
          </>
        )
      }
      {...(item ? { tabs: ["rule", "history"].map((id) => ({ id, label: t(`tabs.${id}`) })) } : {})}
    >
      {item && tab === "history" ? (
        <section className="card">
          <History kind="coupon-batches" id={item.id} describe={describer(t, "batches.fields", "CNY")} />
        </section>
      ) : (
        <div className="two">
          <div className="stack">
            {form.restored && <Restored onDrop={form.drop} />}
            {form.problem && <Failure error={form.problem} />}
            <section className="card form">
              <BatchForm value={form.value} onChange={form.change} problem={form.problem} fixed={fixed} />
            </section>
          </div>
          <Beside {...(item ? { item } : {})} document={form.value} />
        </div>
      )}
    </Page>
  );
}

/** What the batch comes to: how often it can be used, its codes as a file, the promotions that ask for it. */
function Beside({ item, document }: { item?: Item<CouponBatchDocument>; document: CouponBatchDocument }) {
  const { t } = useTranslation();
  const uses = Math.min(codesIn(document) * document.uses_per_code, document.uses_total ?? Infinity);
  return (
    <aside className="card beside stack" aria-label={t("batches.sum")}>
      <h2>{t("batches.sum")}</h2>
      <p>{t("batches.uses", { codes: count(codesIn(document)), uses: count(uses) })}</p>
      {item && item.state !== "draft" && (
        <p>
          <a href={`/api/v1/coupon-batches/${item.id}/codes.csv`} download={`${item.id}.csv`}>
            {t("batches.download")}
          </a>
        </p>
      )}
      {item && <AskedBy id={item.id} />}
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
            <h3>{t("batches.askedBy")}</h3>
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
