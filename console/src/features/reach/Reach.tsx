import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { listDeliveries } from "@/api/deliveries-list";
import { useNames } from "@/api/documents/all";
import { useTransition } from "@/api/documents/hooks";
import { usePages } from "@/api/pages-hook";
import { useMayWrite } from "@/api/session-hook";
import type { Delivery, Item, WebhookDocument } from "@/api/types";
import { DocumentList } from "@/components/DocumentList";
import { Page } from "@/components/Page";
import { StateTag } from "@/components/StateTag";
import { Empty, Loaded } from "@/components/states";
import { type Column, Table } from "@/components/Table";
import { useConfirm } from "@/components/useConfirm";
import { DASH } from "@/lib/numbers";
import { instantText, parseInstant } from "@/lib/time";
import { useParameter } from "@/lib/url";
import { NewWebhook } from "./NewWebhook";

/** What goes out to other systems: webhooks and how their deliveries went. */
export function Reach() {
  const { t } = useTranslation();
  const [tab] = useParameter("tab", "webhooks");
  const [creating, setCreating] = useState(false);
  const create = useMayWrite() && (
    <Button type="primary" onClick={() => setCreating(true)}>
      {t("reach.create")}
    </Button>
  );
  return (
    <Page title={t("stages.reach")} action={create} tabs={["webhooks", "deliveries"].map((id) => ({ id, label: t(`reach.tabs.${id}`) }))}>
      {tab === "deliveries" ? <Deliveries /> : <Webhooks create={create} />}
      {creating && <NewWebhook onClose={() => setCreating(false)} />}
    </Page>
  );
}

function Webhooks({ create }: { create: React.ReactNode }) {
  const { t } = useTranslation();
  const columns: Column<Item<WebhookDocument>>[] = [
    { id: "name", title: t("reach.fields.name"), value: (item) => item.document.name, cell: (item) => item.document.name },
    { id: "state", title: t("table.state"), value: (item) => item.state, cell: (item) => <StateTag state={item.state} /> },
    { id: "url", title: t("reach.fields.url"), value: (item) => item.document.url, cell: (item) => <code>{item.document.url}</code> },
    { id: "events", title: t("reach.fields.events"), value: (item) => item.document.events.join(", "), cell: (item) => item.document.events.map((name) => t(`events.${name}`, { defaultValue: name })).join(", ") },
    { id: "move", title: t("table.actions"), cell: (item) => <Move item={item} /> },
  ];
  return <DocumentList kind="webhooks" caption={t("reach.tabs.webhooks")} columns={columns} none={t("reach.none")} create={create} />;
}

function Move({ item }: { item: Item<WebhookDocument> }) {
  const { t } = useTranslation();
  const confirm = useConfirm();
  const transition = useTransition("webhooks");
  if (!useMayWrite()) return null;
  const to = item.state === "live" ? "pause" : "publish";
  return (
    <Button
      size="small"
      onClick={() =>
        confirm({
          title: t(`reach.move.title.${to}`, { name: item.document.name }),
          touches: <p>{t(`reach.move.touches.${to}`, { url: item.document.url })}</p>,
          undo: t(`reach.move.undo.${to}`),
          verb: t(`act.${to}`),
          run: () => transition.mutateAsync({ id: item.id, to }),
        })
      }
    >
      {t(`act.${to}`)}
    </Button>
  );
}

function Deliveries() {
  const { t } = useTranslation();
  const names = useNames("webhooks");
  const list = usePages(["deliveries"], (cursor) => listDeliveries({ limit: 200, ...cursor }));
  const columns: Column<Delivery>[] = [
    { id: "created", title: t("reach.at"), value: (one) => one.created_at, cell: (one) => instantText(parseInstant(one.created_at) ?? 0) },
    { id: "webhook", title: t("reach.fields.name"), value: (one) => names.get(one.webhook_id) ?? one.webhook_id, cell: (one) => names.get(one.webhook_id) ?? one.webhook_id },
    { id: "event", title: t("reach.event"), value: (one) => one.event, cell: (one) => t(`events.${one.event}`, { defaultValue: one.event }) },
    { id: "state", title: t("table.state"), value: (one) => one.status, cell: (one) => <StateTag state={one.status} /> },
    { id: "attempts", title: t("reach.attempts"), numeric: true, value: (one) => one.attempts, cell: (one) => one.attempts },
    { id: "answer", title: t("reach.answer"), numeric: true, value: (one) => one.response_status, cell: (one) => one.response_status ?? (one.error || DASH) },
  ];
  return (
    <Loaded query={list}>
      {(items) => <Table name="deliveries" caption={t("reach.tabs.deliveries")} columns={columns} rows={items} more={list.more} rowKey={(one) => one.id} empty={<Empty>{t("reach.noDeliveries")}</Empty>} />}
    </Loaded>
  );
}
