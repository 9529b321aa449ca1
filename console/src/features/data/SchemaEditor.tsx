import { useQuery } from "@tanstack/react-query";
import { Input } from "antd";
import { useTranslation } from "react-i18next";
import { getEventSchema } from "@/api/event-schema-get";
import type { EventSchemaDocument, Item } from "@/api/types";
import { Choice } from "@/components/Choice";
import { DocumentEditor, type FixedPartProps } from "@/components/DocumentEditor";
import { Field } from "@/components/Field";
import { StoredDocument } from "@/components/StoredDocument";
import { Loaded } from "@/components/states";
import { useAddress } from "@/lib/url";
import { JsonInput } from "@/components/JsonInput";
import { Trial } from "./Trial";
import "./data.css";

const blank = (name: string): EventSchemaDocument => ({
  name,
  part: "properties",
  mode: "lenient",
  description: "",
  schema: { type: "object", required: ["order_id"], properties: { order_id: { type: "string", minLength: 1 }, phone: { type: "string", "x-pii": "phone" } } },
});

/** A new schema, or one that starts from what is shipped for an event (`?like=Order Completed`). */
export function NewSchema() {
  const { like = "" } = useAddress();
  const shipped = useQuery({ queryKey: ["event-schemas", "detail", like], queryFn: () => getEventSchema(like), enabled: like !== "" });
  if (like === "") return <Editor start={blank("")} />;
  return <Loaded query={shipped}>{(detail) => <Editor key={like} start={{ ...blank(like), part: detail.part === "traits" ? "traits" : "properties", schema: detail.registered ?? detail.builtin ?? {} }} />}</Loaded>;
}

/** The server leaves out what is as it takes it to be; these are its own words for that. */
const LEFT_OUT = { part: "properties", mode: "strict", description: "" } as const;

export function EditSchema() {
  return (
    <StoredDocument kind="event-schemas" back={useBack()}>
      {(item) => <Editor key={item.revision} item={item} start={{ ...LEFT_OUT, ...item.document }} />}
    </StoredDocument>
  );
}

function useBack() {
  const { t } = useTranslation();
  return { to: "/data/schemas", label: t("dataTabs.schemas") };
}

function Editor({ item, start }: { item?: Item<EventSchemaDocument>; start: EventSchemaDocument }) {
  return (
    <DocumentEditor<"event-schemas">
      kind="event-schemas"
      item={item}
      start={start}
      base="/data/schemas"
      words="schemas"
      back={useBack()}
      currency="CNY"
      form={(part) => (
        <section className="card form">
          <Form {...part} />
        </section>
      )}
      beside={(value) => <Trial document={value} />}
      even
    />
  );
}

function Form({ value, onChange, problem, fixed }: FixedPartProps<"event-schemas">) {
  const { t } = useTranslation();
  const choice = <K extends "part" | "mode">(name: K, options: readonly NonNullable<EventSchemaDocument[K]>[]) => (
    <Field label={t(`schemas.fields.${name}`)} help={t(`schemas.help.${name}`)} error={problem?.field(name)}>
      {(id, describedBy) => <Choice id={id} describedBy={describedBy} disabled={fixed} value={String(value[name] ?? options[0])} onChange={(next) => onChange({ ...value, [name]: next })} options={options.map((one) => ({ value: String(one), label: t(`schemas.${name}s.${one}`) }))} />}
    </Field>
  );
  return (
    <>
      <Field label={t("schemas.fields.name")} help={t("schemas.help.name")} error={problem?.field("name")}>
        {(id, describedBy) => <Input id={id} aria-describedby={describedBy} maxLength={256} disabled={fixed} value={value.name} onChange={(event) => onChange({ ...value, name: event.target.value })} />}
      </Field>
      {choice("part", ["properties", "traits"])}
      {choice("mode", ["lenient", "strict"])}
      <Field label={t("schemas.fields.description")} error={problem?.field("description")}>
        {(id, describedBy) => <Input id={id} aria-describedby={describedBy} maxLength={2000} disabled={fixed} value={value.description ?? ""} onChange={(event) => onChange({ ...value, description: event.target.value })} />}
      </Field>
      <Field label={t("schemas.fields.schema")} help={t("schemas.help.schema")} error={problem?.fields.find((one) => /^(document\.)?schema/.test(one.path))?.detail}>
        {(id, describedBy) => <JsonInput id={id} describedBy={describedBy} rows={18} disabled={fixed} value={value.schema} onChange={(schema) => onChange({ ...value, schema: schema as Record<string, unknown> })} />}
      </Field>
    </>
  );
}
