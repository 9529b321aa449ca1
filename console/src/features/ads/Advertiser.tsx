import { Input } from "antd";
import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import type { AdvertiserDocument, Advertiser as Item } from "@/api/types";
import { Choice } from "@/components/Choice";
import { DocumentEditor, type FixedPartProps } from "@/components/DocumentEditor";
import { Field } from "@/components/Field";
import { MoneyInput } from "@/components/inputs";
import { StoredDocument } from "@/components/StoredDocument";
import { Waiting } from "@/components/states";
import { WalletView } from "./WalletView";

const PAYMENTS = ["prepaid", "postpaid"] as const;

export function NewAdvertiser() {
  const { currency, known } = useCurrency();
  return known ? <Editor key={currency} start={{ name: "", currency, payment: "prepaid", credit_minor: null }} /> : <Waiting />;
}

/** One advertiser: the wallet and its bills, the rule, the history. */
export function Advertiser() {
  return (
    <StoredDocument kind="advertisers" back={useBack()}>
      {(item) => <Editor key={item.revision} item={item} start={item.document} />}
    </StoredDocument>
  );
}

function useBack() {
  const { t } = useTranslation();
  return { to: "/ads", extra: { tab: "advertisers" }, label: t("ads.tabs.advertisers") };
}

function Editor({ item, start }: { item?: Item; start: AdvertiserDocument }) {
  return (
    <DocumentEditor<"advertisers">
      kind="advertisers"
      item={item}
      start={start}
      base="/ads/advertisers"
      words="advertisers"
      back={useBack()}
      currency={start.currency}
      tabs={[{ id: "overview", shown: (loaded) => <WalletView advertiser={loaded} /> }]}
      form={(part) => <Form {...part} item={item} />}
    />
  );
}

function Form({ value, onChange, problem, fixed, item }: FixedPartProps<"advertisers"> & { item: Item | undefined }) {
  const { t } = useTranslation();
  const pay = (payment: AdvertiserDocument["payment"]) => onChange({ ...value, payment, credit_minor: payment === "prepaid" ? null : value.credit_minor });
  return (
    <section className="card form narrow">
      <Field label={t("advertisers.fields.name")} help={t("advertisers.help.name")} error={problem?.field("name")}>
        {(id, describedBy) => <Input id={id} aria-describedby={describedBy} maxLength={200} disabled={fixed} value={value.name} onChange={(event) => onChange({ ...value, name: event.target.value })} />}
      </Field>
      <Field label={t("advertisers.fields.payment")} help={t(`advertisers.help.${value.payment}`)} error={problem?.field("payment")}>
        {(id, describedBy) => <Choice id={id} describedBy={describedBy} disabled={fixed} value={value.payment} onChange={pay} options={PAYMENTS.map((one) => ({ value: one, label: t(`advertisers.payments.${one}`) }))} />}
      </Field>
      {value.payment === "postpaid" && (
        <Field label={t("advertisers.fields.credit_minor")} help={t("advertisers.help.credit_minor")} error={problem?.field("credit_minor")}>
          {(id, describedBy) => <MoneyInput id={id} describedBy={describedBy} disabled={fixed} value={value.credit_minor} currency={value.currency} onChange={(credit_minor) => onChange({ ...value, credit_minor })} />}
        </Field>
      )}
      {item && (
        <Field label={t("advertisers.id")} help={t("advertisers.idHelp")}>
          {(id) => <Input id={id} readOnly value={item.id} />}
        </Field>
      )}
    </section>
  );
}
