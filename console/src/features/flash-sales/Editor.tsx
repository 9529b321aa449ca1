import { Button, Input } from "antd";
import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import { useMayWrite } from "@/api/session-hook";
import type { FlashSaleDocument } from "@/api/types";
import { Field } from "@/components/Field";
import { Page } from "@/components/Page";
import { ReadOnly } from "@/components/ReadOnly";
import { Restored } from "@/components/Restored";
import { Failure } from "@/components/states";
import { useDocumentForm } from "@/components/useDocumentForm";
import { nowMs } from "@/lib/clock";
import { dayStartMs } from "@/lib/time";
import { blank, completed, type SaleItem } from "./document";
import { ItemsForm } from "./ItemsForm";
import { LimitsForm } from "./LimitsForm";
import { Offer } from "./Offer";
import { TimesForm } from "./TimesForm";
import "./flash-sales.css";

export function NewFlashSale() {
  const { t } = useTranslation();
  const { currency } = useCurrency();
  const form = useSaleForm(blank(currency, dayStartMs(nowMs())));
  const mayWrite = useMayWrite();
  return (
    <Page title={t("flash.create")} back={{ to: "/promotions/flash-sales", label: t("flash.sales") }} action={mayWrite && <SaveButton form={form} isNew />}>
      <Editor form={form} fixed={!mayWrite} />
    </Page>
  );
}

/** The rule of a sale that is there, inside its page. */
export function EditFlashSale({ item }: { item: SaleItem }) {
  const form = useSaleForm(completed(item.document), item);
  const fixed = !useMayWrite() || item.state === "archived";
  return (
    <>
      <Editor form={form} fixed={fixed} />
      {!fixed && (
        <div className="row">
          <SaveButton form={form} />
        </div>
      )}
    </>
  );
}

const useSaleForm = (start: FlashSaleDocument, item?: SaleItem) => useDocumentForm({ kind: "flash-sales", item, start, base: "/promotions/flash-sales" });
type Form = ReturnType<typeof useSaleForm>;

function SaveButton({ form, isNew = false }: { form: Form; isNew?: boolean }) {
  const { t } = useTranslation();
  return (
    <Button type="primary" loading={form.busy} onClick={form.save}>
      {t(isNew ? "act.saveDraft" : "act.saveRevision")}
    </Button>
  );
}

function Editor({ form, fixed }: { form: Form; fixed: boolean }) {
  const { t } = useTranslation();
  const { value, change, problem } = form;
  const part = { value, onChange: change, problem, fixed };
  return (
    <div className="two">
      <div className="stack">
        <ReadOnly />
        {form.restored && <Restored onDrop={form.drop} />}
        {problem && <Failure error={problem} />}
        <section className="card form">
          <Field label={t("flash.fields.name")} help={t("flash.help.name")} error={problem?.field("name")}>
            {(id, describedBy) => <Input id={id} aria-describedby={describedBy} maxLength={200} disabled={fixed} value={value.name} onChange={(event) => change({ ...value, name: event.target.value })} />}
          </Field>
        </section>
        <ItemsForm {...part} />
        <TimesForm {...part} />
        <LimitsForm {...part} />
      </div>
      <Offer document={value} />
    </div>
  );
}
