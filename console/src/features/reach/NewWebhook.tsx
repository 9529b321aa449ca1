import { Input, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSave } from "@/api/documents/hooks";
import { type ApiError, asApiError } from "@/api/problem";
import { Field } from "@/components/Field";
import { WordsInput } from "@/components/WordsInput";
import { Failure } from "@/components/states";

const EVENTS = ["Order Completed", "Order Refunded", "Order Cancelled", "Product Viewed", "Product Added", "Coupon Applied", "Ad Clicked"];

/** A new receiver of events; its secret is shown once. */
export function NewWebhook({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const saving = useSave("webhooks");
  const [value, setValue] = useState({ name: "", url: "https://", events: ["Order Completed"] });
  const [secret, setSecret] = useState<string | null>(null);
  const [problem, setProblem] = useState<ApiError | null>(null);
  const save = async () => {
    try {
      const saved = await saving.mutateAsync({ document: value });
      if (saved.document.secret) setSecret(saved.document.secret);
      else onClose();
    } catch (error) {
      setProblem(asApiError(error));
    }
  };
  return (
    <Modal open title={t("reach.create")} onCancel={onClose} onOk={secret ? onClose : () => void save()} okText={secret ? t("act.close") : t("act.saveDraft")} cancelText={t("act.cancel")} confirmLoading={saving.isPending} closable={{ "aria-label": t("act.close") }}>
      {secret ? (
        <div className="form">
          <p>{t("reach.secretOnce")}</p>
          <pre className="raw">{secret}</pre>
        </div>
      ) : (
        <div className="form">
          {problem && <Failure error={problem} />}
          <Field label={t("reach.fields.name")} error={problem?.field("name")}>
            {(id) => <Input id={id} value={value.name} onChange={(event) => setValue({ ...value, name: event.target.value })} />}
          </Field>
          <Field label={t("reach.fields.url")} help={t("reach.help.url")} error={problem?.field("url")}>
            {(id, describedBy) => <Input id={id} aria-describedby={describedBy} value={value.url} onChange={(event) => setValue({ ...value, url: event.target.value })} />}
          </Field>
          <Field label={t("reach.fields.events")} error={problem?.field("events")}>
            {(id) => <WordsInput id={id} label={t("reach.fields.events")} value={value.events} options={EVENTS.map((name) => ({ value: name, label: t(`events.${name}`) }))} onChange={(events) => setValue({ ...value, events })} />}
          </Field>
        </div>
      )}
    </Modal>
  );
}
