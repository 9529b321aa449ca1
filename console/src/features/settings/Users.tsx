import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Input, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { asApiError } from "@/api/problem";
import { useSession } from "@/api/session-hook";
import type { Role, User } from "@/api/types";
import { changeUser } from "@/api/users-change";
import { createUser } from "@/api/users-create";
import { listUsers } from "@/api/users-list";
import { Field } from "@/components/Field";
import { Choice } from "@/components/Choice";
import { StateTag } from "@/components/StateTag";
import { Empty, Failure, Loaded, problemTitle } from "@/components/states";
import { type Column, Table } from "@/components/Table";
import { useConfirm } from "@/components/useConfirm";
import { tell } from "@/lib/notes";

const ROLES = ["owner", "operator", "viewer"] as const;

/** Everyone who may sign in, and what they may do. */
export function Users() {
  const { t } = useTranslation();
  const [adding, setAdding] = useState(false);
  const users = useQuery({ queryKey: ["users"], queryFn: listUsers });
  const columns = useColumns();
  const add = (
    <Button size="small" type="primary" onClick={() => setAdding(true)}>
      {t("settings.add")}
    </Button>
  );
  return (
    <>
      <Loaded query={users}>
        {(page) => <Table name="users" caption={t("settings.tabs.users")} columns={columns} rows={page.items} rowKey={(user) => user.id} tools={add} empty={<Empty action={add}>{t("settings.nobody")}</Empty>} />}
      </Loaded>
      {adding && <NewUser onClose={() => setAdding(false)} />}
    </>
  );
}

function useColumns(): Column<User>[] {
  const { t } = useTranslation();
  const me = useSession().data?.user.id;
  const queries = useQueryClient();
  const confirm = useConfirm();
  const changing = useMutation({
    mutationFn: ({ id, ...change }: { id: string; role?: Role; disabled?: boolean }) => changeUser(id, change),
    onSettled: () => void queries.invalidateQueries({ queryKey: ["users"] }),
    onError: (error) => tell({ kind: "failed", title: problemTitle(asApiError(error), t), detail: asApiError(error).detail }),
  });
  const shut = (user: User) =>
    confirm({
      title: t(user.disabled ? "settings.letInTitle" : "settings.shutTitle", { name: user.name }),
      touches: <p>{t(user.disabled ? "settings.letInTouches" : "settings.shutTouches")}</p>,
      undo: t("settings.shutUndo"),
      verb: t(user.disabled ? "settings.letIn" : "settings.shut"),
      danger: !user.disabled,
      run: () => changing.mutateAsync({ id: user.id, disabled: !user.disabled }),
    });
  return [
    { id: "name", title: t("settings.name"), value: (user) => user.name, cell: (user) => user.name },
    { id: "email", title: t("signIn.email"), value: (user) => user.email, cell: (user) => user.email },
    {
      id: "role",
      title: t("settings.role"),
      value: (user) => user.role,
      cell: (user) => <Choice label={t("settings.roleOf", { name: user.name })} disabled={user.id === me} value={user.role} onChange={(role) => changing.mutate({ id: user.id, role })} options={ROLES.map((value) => ({ value, label: t(`roles.${value}`) }))} />,
    },
    { id: "state", title: t("table.state"), value: (user) => (user.disabled ? "disabled" : "active"), cell: (user) => <StateTag state={user.disabled ? "disabled" : "active"} /> },
    {
      id: "shut",
      title: t("table.actions"),
      cell: (user) =>
        user.id !== me && (
          <Button size="small" type="text" danger={!user.disabled} onClick={() => shut(user)}>
            {t(user.disabled ? "settings.letIn" : "settings.shut")}
          </Button>
        ),
    },
  ];
}

function NewUser({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [value, setValue] = useState({ email: "", name: "", role: "operator" as (typeof ROLES)[number] });
  const adding = useMutation({ mutationFn: () => createUser(value), onSuccess: () => void queries.invalidateQueries({ queryKey: ["users"] }) });
  const problem = adding.error ? asApiError(adding.error) : null;
  const token = adding.data?.token;
  return (
    <Modal open title={t("settings.add")} onCancel={onClose} onOk={adding.data ? onClose : () => adding.mutate()} okText={adding.data ? t("act.close") : t("settings.add")} cancelText={t("act.cancel")} confirmLoading={adding.isPending} closable={{ "aria-label": t("act.close") }}>
      {adding.data ? (
        <div className="form">
          <p>{t("settings.linkOnce")}</p>
          <pre className="raw">{token ? `${location.origin}/sign-in?token=${encodeURIComponent(token)}` : adding.data.user.email}</pre>
        </div>
      ) : (
        <div className="form">
          {problem && <Failure error={problem} />}
          <Field label={t("signIn.email")} error={problem?.field("email")}>
            {(id) => <Input id={id} type="email" value={value.email} onChange={(event) => setValue({ ...value, email: event.target.value })} />}
          </Field>
          <Field label={t("settings.name")} error={problem?.field("name")}>
            {(id) => <Input id={id} value={value.name} onChange={(event) => setValue({ ...value, name: event.target.value })} />}
          </Field>
          <Field label={t("settings.role")} help={t("settings.roleHelp")}>
            {(id, describedBy) => <Choice id={id} describedBy={describedBy} value={value.role} onChange={(role) => setValue({ ...value, role })} options={ROLES.map((one) => ({ value: one, label: t(`roles.${one}`) }))} />}
          </Field>
        </div>
      )}
    </Modal>
  );
}
