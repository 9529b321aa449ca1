import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Input, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { createKey } from "@/api/keys-create";
import { asApiError } from "@/api/problem";
import { useSources } from "@/api/sources-list";
import { Field } from "@/components/Field";
import { Failure } from "@/components/states";
import { useGo } from "@/lib/url";
import { Snippets } from "./Snippets";

/** A write key, shown once, with the lines that point each client at us, and the wait for its first event. */
export function NewSource({ source: given = "", onClose }: { source?: string; onClose: () => void }) {
  const { t } = useTranslation();
  const go = useGo();
  const queries = useQueryClient();
  const [source, setSource] = useState(given);
  const making = useMutation({
    mutationFn: () => createKey({ name: source, scope: "intake", source }),
    onSuccess: () => void queries.invalidateQueries({ queryKey: ["keys"] }),
  });
  const problem = making.error ? asApiError(making.error) : null;
  const secret = making.data?.secret;
  const done = () => {
    onClose();
    go(`/data/sources/${encodeURIComponent(source)}`);
  };
  return (
    <Modal open width={760} title={t(secret ? "sources.connect" : "sources.create")} onCancel={secret ? done : onClose} footer={secret ? <Button type="primary" onClick={done}>{t("sources.saved")}</Button> : undefined} onOk={() => making.mutate()} okText={t("sources.makeKey")} cancelText={t("act.cancel")} okButtonProps={{ disabled: source.trim() === "" }} confirmLoading={making.isPending} closable={{ "aria-label": t("act.close") }}>
      {secret ? (
        <div className="form">
          <p className="notice warn">{t("keysPage.once")}</p>
          <Snippets writeKey={secret} />
          <FirstEvent source={source} />
        </div>
      ) : (
        <div className="form">
          {problem && <Failure error={problem} />}
          <Field label={t("sources.source")} help={t("sources.sourceHelp")} error={problem?.field("source") ?? problem?.field("name")}>
            {(id, describedBy) => <Input id={id} aria-describedby={describedBy} maxLength={64} value={source} disabled={given !== ""} onChange={(event) => setSource(event.target.value.trim())} />}
          </Field>
        </div>
      )}
    </Modal>
  );
}

function FirstEvent({ source }: { source: string }) {
  const { t } = useTranslation();
  const found = useSources().data?.items.find((one) => one.source === source);
  return (
    <p className="notice" role="status">
      {found?.last_at ? `● ${t("sources.arrived")}` : `○ ${t("sources.waiting")}`}
    </p>
  );
}
