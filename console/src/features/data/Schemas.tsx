import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useEventSchemas, usePii } from "@/api/event-schemas-list";
import { useMayWrite } from "@/api/session-hook";
import type { EventSchema, EventSchemaDocument, Item } from "@/api/types";
import { DataPage } from "@/components/DataPage";
import { DocumentList } from "@/components/DocumentList";
import { Go } from "@/components/Go";
import { StateTag } from "@/components/StateTag";
import { Empty, Loaded } from "@/components/states";
import { type Column, Table } from "@/components/Table";
import { count, DASH } from "@/lib/numbers";
import { useGo } from "@/lib/url";

/** What events must look like: the shop's own schemas in all their states, then the shipped ones. */
export function Schemas() {
  const { t } = useTranslation();
  const go = useGo();
  const create = useMayWrite() && (
    <Button type="primary" onClick={() => go("/data/schemas/new")}>
      {t("schemas.create")}
    </Button>
  );
  return (
    <DataPage tab="schemas" action={create}>
      <Own create={create} />
      <Shipped />
    </DataPage>
  );
}

const nameOf = (t: (key: string, vars: Record<string, unknown>) => string, name: string) => {
  const words = t(`events.${name}`, { defaultValue: "" });
  return words && words.toLowerCase() !== name.toLowerCase() ? `${name} · ${words}` : name;
};

function Own({ create }: { create: React.ReactNode }) {
  const { t } = useTranslation();
  const inForce = new Map(useEventSchemas().data?.items.filter((one) => one.id).map((one) => [one.id, one]));
  const tally = (item: Item<EventSchemaDocument>, of: "refused" | "marked") => inForce.get(item.id)?.[of] ?? null;
  const columns: Column<Item<EventSchemaDocument>>[] = [
    { id: "name", title: t("schemas.fields.name"), value: (item) => item.document.name, cell: (item) => <Go to={`/data/schemas/${item.id}`}>{nameOf(t, item.document.name)}</Go> },
    { id: "state", title: t("table.state"), value: (item) => item.state, cell: (item) => <StateTag state={item.state} /> },
    { id: "version", title: t("schemas.version"), numeric: true, value: (item) => item.revision, cell: (item) => item.revision },
    { id: "mode", title: t("schemas.fields.mode"), value: (item) => item.document.mode ?? "strict", cell: (item) => t(`schemas.modes.${item.document.mode ?? "strict"}`) },
    { id: "part", title: t("schemas.fields.part"), optional: true, value: (item) => item.document.part ?? "properties", cell: (item) => t(`schemas.parts.${item.document.part ?? "properties"}`) },
    { id: "refused", title: t("schemas.refused"), help: t("schemas.refusedHelp"), numeric: true, value: (item) => tally(item, "refused"), cell: (item) => count(tally(item, "refused")) },
    { id: "marked", title: t("schemas.marked"), help: t("schemas.markedHelp"), numeric: true, value: (item) => tally(item, "marked"), cell: (item) => count(tally(item, "marked")) },
    { id: "description", title: t("schemas.fields.description"), value: (item) => item.document.description ?? "", cell: (item) => <span className="cut">{item.document.description || DASH}</span> },
  ];
  return <DocumentList kind="event-schemas" caption={t("schemas.own")} columns={columns} none={t("schemas.none")} create={create} />;
}

function Shipped() {
  const { t } = useTranslation();
  const schemas = useEventSchemas();
  const pii = usePii();
  const [text, setText] = useState("");
  const personal = (one: EventSchema) => (pii.data?.items ?? []).filter((field) => field.name === one.name && field.part === one.part).map((field) => field.path);
  const columns: Column<EventSchema>[] = [
    { id: "name", title: t("schemas.fields.name"), value: (one) => one.name, cell: (one) => <Go to="/data/schemas/new" extra={{ like: one.name }} className="nowrap">{nameOf(t, one.name)}</Go> },
    { id: "part", title: t("schemas.fields.part"), value: (one) => one.part, cell: (one) => <span className="nowrap">{t(`schemas.parts.${one.part}`)}</span> },
    { id: "mode", title: t("schemas.fields.mode"), value: (one) => one.mode, cell: (one) => <span className="nowrap">{t(`schemas.modes.${one.mode}`)}</span> },
    { id: "version", title: t("schemas.version"), numeric: true, value: (one) => one.version, cell: (one) => one.version },
    { id: "pii", title: t("schemas.pii"), help: t("schemas.piiHelp"), value: (one) => personal(one).join(", "), cell: (one) => (personal(one).length ? <code className="cut wide" title={personal(one).join(", ")}>{personal(one).join(", ")}</code> : DASH) },
  ];
  const wanted = text.toLowerCase();
  return (
    <div className="stack">
      <h2>{t("schemas.shipped")}</h2>
      <Loaded query={schemas}>
        {(page) => (
          <Table
            name="shipped-schemas"
            caption={t("schemas.shipped")}
            columns={columns}
            rows={page.items.filter((one) => one.origin === "builtin" && nameOf(t, one.name).toLowerCase().includes(wanted))}
            rowKey={(one) => `${one.part} ${one.name}`}
            empty={<Empty>{t("table.noMatch")}</Empty>}
            tools={<Input.Search size="small" allowClear style={{ width: 200 }} aria-label={t("schemas.find")} placeholder={t("table.search")} value={text} onChange={(event) => setText(event.target.value)} />}
          />
        )}
      </Loaded>
    </div>
  );
}
