import { Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { asApiError } from "@/api/problem";
import { tell } from "@/lib/notes";
import { problemTitle } from "./states";
import { asked, type Question } from "./useConfirm";

/** The question that waits for a yes, over the page. Loaded when the first is asked. */
export default function Confirm({ question }: { question: Question }) {
  const { t } = useTranslation();
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    try {
      await question.run();
    } catch (error) {
      const problem = asApiError(error);
      const lines = [problem.detail, ...problem.fields.map((field) => `${field.path}: ${field.detail}`)].filter(Boolean);
      tell({ kind: "failed", title: problemTitle(problem, t), detail: lines.join(" · ") || problem.traceId });
    }
    asked.set(null);
  };
  return (
    <Modal
      open
      centered
      width={480}
      title={question.title}
      closable={false}
      mask={{ closable: !busy }}
      onCancel={() => busy || asked.set(null)}
      onOk={() => void run()}
      okText={question.verb}
      cancelText={t("act.cancel")}
      okButtonProps={{ danger: question.danger ?? false, autoFocus: true }}
      confirmLoading={busy}
    >
      <div className="confirm">
        <div>{question.touches}</div>
        <p className="note">{question.undo}</p>
      </div>
    </Modal>
  );
}
