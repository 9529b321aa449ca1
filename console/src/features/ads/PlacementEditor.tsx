import { Input } from "antd";
import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import type { Item, PlacementDocument } from "@/api/types";
import { DocumentEditor, type FixedPartProps } from "@/components/DocumentEditor";
import { Field } from "@/components/Field";
import { MoneyInput } from "@/components/inputs";
import { StoredDocument } from "@/components/StoredDocument";
import { Waiting } from "@/components/states";
import { BlockedForm, FloorsForm, TermsForm } from "./PlacementTerms";
import "./ads.css";

export function NewPlacement() {
  const { currency, known } = useCurrency();
  return known ? <Editor key={currency} start={{ name: "", floor_minor: 1, currency }} /> : <Waiting />;
}

export function Placement() {
  return (
    <StoredDocument kind="placements" back={useBack()}>
      {(item) => <Editor key={item.revision} item={item} start={item.document} />}
    </StoredDocument>
  );
}

function useBack() {
  const { t } = useTranslation();
  return { to: "/ads", extra: { tab: "placements" }, label: t("ads.tabs.placements") };
}

function Editor({ item, start }: { item?: Item<PlacementDocument>; start: PlacementDocument }) {
  return (
    <DocumentEditor<"placements">
      kind="placements"
      item={item}
      start={start}
      base="/ads/placements"
      words="placements"
      back={useBack()}
      currency={start.currency}
      form={(part) => <Form {...part} item={item} />}
    />
  );
}

function Form({ item, ...parts }: FixedPartProps<"placements"> & { item: Item<PlacementDocument> | undefined }) {
  const { value, onChange, problem, fixed } = parts;
  const { t } = useTranslation();
  return (
    <section className="card form narrow">
      <Field label={t("placements.fields.name")} help={t("placements.help.name")} error={problem?.field("name")}>
        {(id, describedBy) => <Input id={id} aria-describedby={describedBy} maxLength={200} disabled={fixed} value={value.name} onChange={(event) => onChange({ ...value, name: event.target.value })} />}
      </Field>
      <Field label={t("placements.fields.floor_minor")} help={t("placements.help.floor_minor")} error={problem?.field("floor_minor")}>
        {(id, describedBy) => <MoneyInput id={id} describedBy={describedBy} disabled={fixed} value={value.floor_minor} currency={value.currency} onChange={(minor) => onChange({ ...value, floor_minor: minor ?? 0 })} />}
      </Field>
      <TermsForm {...parts} />
      <FloorsForm {...parts} />
      <BlockedForm {...parts} />
      {item && (
        <Field label={t("placements.id")} help={t("placements.idHelp")}>
          {(id) => <Input id={id} readOnly value={item.id} />}
        </Field>
      )}
    </section>
  );
}
