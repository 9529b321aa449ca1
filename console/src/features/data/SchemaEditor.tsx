import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { Button, Input } from "antd";
import { useTranslation } from "react-i18next";
import { useDocument } from "@/api/documents/hooks";
import { getEventSchema } from "@/api/event-schema-get";
import { useMayWrite } from "@/api/session-hook";
import type { EventSchemaDocument, Item } from "@/api/types";
import { Choice } from "@/components/Choice";
import { describer } from "@/components/describe";
import { DocumentActions } from "@/components/DocumentActions";
import { Field } from "@/components/Field";
import { History } from "@/components/History";
import { Page } from "@/components/Page";
import { Restored } from "@/components/Restored";
import { StateTag } from "@/components/StateTag";
import { Failure, Loaded } from "@/components/states";
import { type PartProps, useDocumentForm } from "@/components/useDocumentForm";
import { useMoves } from "@/components/useMoves";
import { useAddress, useParameter } from "@/lib/url";
import { JsonInput } from "./JsonInput";
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
  const { id } = useParams({ strict: false }) as { id: string };
  const item = useDocument("event-schemas", id);
  return <Loaded query={item}>{(loaded) => <Editor key={loaded.revision} item={loaded} start={{ ...LEFT_OUT, ...loaded.document }} />}</Loaded>;
}

function Editor({ item, start }: { item?: Item<EventSchemaDocument>; start: EventSchemaDocument }) {
  const { t } = useTranslation();
  const form = useDocumentForm({ kind: "event-schemas", item, start, base: "/data/schemas" });
  const { move } = useMoves({ kind: "event-schemas", words: "schemas" });
  const [tab] = useParameter("tab", "rule");
  const fixed = !useMayWrite() || item?.state === "archived";
  return (
    <Page
      title={item?.document.name ?? t("schemas.create")}
      back={{ to: "/data/schemas", label: t("dataTabs.schemas") }}
      status={item && <StateTag state={item.state} />}
      action={
        !fixed && (
          <>
            {item && <DocumentActions<"event-schemas"> item={item} move={move} />}
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
          <History kind="event-schemas" id={item.id} describe={describer(t, "schemas.fields", "CNY")} />
        </section>
      ) : (
        <>
          {form.restored && <Restored onDrop={form.drop} />}
          {form.problem && <Failure error={form.problem} />}
          <div className="two even">
            <section className="card form">
              <Form value={form.value} onChange={form.change} problem={form.problem} fixed={fixed} />
            </section>
            <Trial document={form.value} />
          </div>
        </>
      )}
    </Page>
  );
}

function Form({ value, onChange, problem, fixed }: PartProps<"event-schemas"> & { fixed: boolean }) {
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
