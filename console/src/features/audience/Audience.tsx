import { Button, Input } from "antd";
import { useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { usePages } from "@/api/pages-hook";
import { listProfiles } from "@/api/profiles-list";
import { previewSegment } from "@/api/segment-preview";
import { useMayWrite } from "@/api/session-hook";
import type { Item, SegmentDocument } from "@/api/types";
import { DocumentList } from "@/components/DocumentList";
import { Go } from "@/components/Go";
import { useSettled } from "@/lib/useSettled";
import { Page } from "@/components/Page";
import { StateTag } from "@/components/StateTag";
import { Loaded } from "@/components/states";
import type { Column } from "@/components/Table";
import { count } from "@/lib/numbers";
import { useGo, useParameter } from "@/lib/url";
import { People } from "./People";
import { expressionWords } from "./words";

/** Segments with their live counts, and people. */
export function Audience() {
  const { t } = useTranslation();
  const go = useGo();
  const mayWrite = useMayWrite();
  const [tab] = useParameter("tab", "segments");
  const create = mayWrite && (
    <Button type="primary" onClick={() => go("/audience/new")}>
      {t("audience.create")}
    </Button>
  );
  return (
    <Page title={t("stages.audience")} action={create} tabs={["segments", "people"].map((id) => ({ id, label: t(`audience.tabs.${id}`) }))}>
      {tab === "people" ? <FindPeople /> : <Segments create={create} />}
    </Page>
  );
}

function Segments({ create }: { create: React.ReactNode }) {
  const { t } = useTranslation();
  const columns: Column<Item<SegmentDocument>>[] = [
    { id: "name", title: t("audience.fields.name"), value: (item) => item.document.name, cell: (item) => <Go to={`/audience/${item.id}`}>{item.document.name}</Go> },
    { id: "state", title: t("table.state"), value: (item) => item.state, cell: (item) => <StateTag state={item.state} /> },
    { id: "people", title: t("audience.people"), numeric: true, cell: (item) => <Count item={item} /> },
    { id: "rule", title: t("audience.rule"), value: (item) => expressionWords(t, item.document.expression), cell: (item) => <span title={item.document.description}>{expressionWords(t, item.document.expression)}</span> },
  ];
  return <DocumentList kind="segments" caption={t("audience.tabs.segments")} columns={columns} none={t("audience.none")} create={create} />;
}

function Count({ item }: { item: Item<SegmentDocument> }) {
  const preview = useQuery({ queryKey: ["preview", item.document.expression], queryFn: ({ signal }) => previewSegment(item.document.expression, signal), refetchInterval: 15_000 });
  return <>{count(preview.data?.count)}</>;
}

function FindPeople() {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  const query = useSettled(text);
  const people = usePages(["profiles", query], (cursor) => listProfiles({ limit: 50, ...(query ? { query } : {}), ...cursor }), 30_000);
  return (
    <Loaded query={people}>
      {(items) => <People people={items} more={people.more} tools={<Input.Search size="small" allowClear style={{ width: 260 }} aria-label={t("audience.find")} placeholder={t("audience.find")} value={text} onChange={(event) => setText(event.target.value)} />} />}
    </Loaded>
  );
}
