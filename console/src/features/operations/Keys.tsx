import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Input, Modal, Switch } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { createKey } from "@/api/keys-create";
import { deleteKey } from "@/api/keys-delete";
import { listKeys } from "@/api/keys-list";
import { trustKey } from "@/api/keys-trust";
import { asApiError } from "@/api/problem";
import type { Key } from "@/api/types";
import { Field } from "@/components/Field";
import { Choice } from "@/components/Choice";
import { StateTag } from "@/components/StateTag";
import { Empty, Failure, Loaded } from "@/components/states";
import { type Column, Table } from "@/components/Table";
import { useConfirm } from "@/components/useConfirm";
import { instantText, parseInstant } from "@/lib/time";

const SCOPES = ["intake", "decide", "exchange", "cards", "read", "admin"] as const;

/** Keys of programs: made, shown once, taken out of use. */
export function Keys() {
  const { t } = useTranslation();
  const confirm = useConfirm();
  const queries = useQueryClient();
  const [creating, setCreating] = useState(false);
  const keys = useQuery({ queryKey: ["keys"], queryFn: listKeys });
  const remove = (key: Key) =>
    confirm({
      title: t("keysPage.removeTitle", { name: key.name }),
      touches: <p>{t("keysPage.removeTouches")}</p>,
      undo: t("keysPage.removeUndo"),
      verb: t("keysPage.remove"),
      danger: true,
      run: async () => {
        await deleteKey(key.id);
        await queries.invalidateQueries({ queryKey: ["keys"] });
      },
    });
  const trust = (key: Key) =>
    confirm({
      title: t(key.trusted ? "keysPage.distrustTitle" : "keysPage.trustTitle", { source: key.source }),
      touches: <p>{t("keysPage.trustTouches")}</p>,
      undo: t("keysPage.trustUndo"),
      verb: t(key.trusted ? "keysPage.distrust" : "keysPage.trust"),
      danger: !key.trusted,
      run: async () => {
        await trustKey(key.id, !key.trusted);
        await queries.invalidateQueries({ queryKey: ["keys"] });
      },
    });
  const columns: Column<Key>[] = [
    { id: "name", title: t("keysPage.name"), value: (key) => key.name, cell: (key) => key.name },
    { id: "scope", title: t("keysPage.scope"), value: (key) => key.scope, cell: (key) => t(`keysPage.scopes.${key.scope}`) },
    { id: "source", title: t("keysPage.source"), value: (key) => key.source, cell: (key) => key.source || "—" },
    {
      id: "trusted",
      title: t("keysPage.trusted"),
      value: (key) => (key.trusted ? 1 : 0),
      cell: (key) => (key.scope === "intake" ? <Switch size="small" aria-label={t("keysPage.trustedOf", { source: key.source })} checked={key.trusted ?? false} onChange={() => trust(key)} /> : "—"),
    },
    { id: "hint", title: t("keysPage.hint"), cell: (key) => <code>…{key.hint}</code> },
    { id: "created", title: t("keysPage.created"), value: (key) => key.created_at, cell: (key) => instantText(parseInstant(key.created_at) ?? 0) },
    { id: "state", title: t("table.state"), value: (key) => (key.revoked_at ? "revoked" : "inUse"), cell: (key) => <StateTag state={key.revoked_at ? "revoked" : "inUse"} /> },
    {
      id: "remove",
      title: t("table.actions"),
      cell: (key) =>
        !key.revoked_at && (
          <Button size="small" danger type="text" onClick={() => remove(key)}>
            {t("keysPage.remove")}
          </Button>
        ),
    },
  ];
  const create = (
    <Button size="small" type="primary" onClick={() => setCreating(true)}>
      {t("keysPage.create")}
    </Button>
  );
  return (
    <>
      <Loaded query={keys}>
        {(page) => <Table name="keys" caption={t("operations.tabs.keys")} columns={columns} rows={page.items} rowKey={(key) => key.id} tools={create} empty={<Empty action={create}>{t("keysPage.none")}</Empty>} />}
      </Loaded>
      {creating && <NewKey onClose={() => setCreating(false)} />}
    </>
  );
}

function NewKey({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [scope, setScope] = useState<(typeof SCOPES)[number]>("intake");
  const [source, setSource] = useState("");
  const [trusted, setTrusted] = useState(false);
  const making = useMutation({
    mutationFn: () => createKey({ name, scope, ...(scope === "intake" ? { trusted, ...(source ? { source } : {}) } : {}) }),
    onSuccess: () => void queries.invalidateQueries({ queryKey: ["keys"] }),
  });
  const problem = making.error ? asApiError(making.error) : null;
  const secret = making.data?.secret;
  return (
    <Modal open title={t("keysPage.create")} onCancel={onClose} onOk={secret ? onClose : () => making.mutate()} okText={secret ? t("act.close") : t("keysPage.create")} cancelText={t("act.cancel")} confirmLoading={making.isPending} closable={{ "aria-label": t("act.close") }}>
      {secret ? (
        <div className="form">
          <p>{t("keysPage.once")}</p>
          <pre className="raw">{secret}</pre>
        </div>
      ) : (
        <div className="form">
          {problem && <Failure error={problem} />}
          <Field label={t("keysPage.name")} help={t("keysPage.nameHelp")} error={problem?.field("name")}>
            {(id, describedBy) => <Input id={id} aria-describedby={describedBy} value={name} onChange={(event) => setName(event.target.value)} />}
          </Field>
          <Field label={t("keysPage.scope")}>{(id) => <Choice id={id} value={scope} onChange={setScope} options={SCOPES.map((value) => ({ value, label: t(`keysPage.scopes.${value}`) }))} />}</Field>
          {scope === "intake" && (
            <Field label={t("keysPage.source")} help={t("keysPage.sourceHelp")} error={problem?.field("source")}>
              {(id, describedBy) => <Input id={id} aria-describedby={describedBy} value={source} onChange={(event) => setSource(event.target.value)} />}
            </Field>
          )}
          {scope === "intake" && (
            <Field label={t("keysPage.trusted")} help={t("keysPage.trustedHelp")}>
              {(id, describedBy) => <Switch id={id} aria-describedby={describedBy} checked={trusted} onChange={setTrusted} />}
            </Field>
          )}
        </div>
      )}
    </Modal>
  );
}
