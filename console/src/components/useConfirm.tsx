import { App } from "antd";
import { type ReactNode, useCallback } from "react";
import { useTranslation } from "react-i18next";
import { asApiError } from "@/api/problem";
import { problemTitle } from "./states";

interface Question {
  title: string;
  /** What it costs or touches. */
  touches: ReactNode;
  /** How to undo it. */
  undo: string;
  verb: string;
  danger?: boolean;
  run: () => Promise<unknown>;
}

/** Ask before something dangerous: what it touches and how to undo it, before the button. */
export function useConfirm() {
  const { modal, notification } = App.useApp();
  const { t } = useTranslation();
  return useCallback(
    (question: Question) =>
      modal.confirm({
        title: question.title,
        width: 480,
        content: (
          <div className="confirm">
            <div>{question.touches}</div>
            <p className="note">{question.undo}</p>
          </div>
        ),
        okText: question.verb,
        cancelText: t("act.cancel"),
        okButtonProps: { danger: question.danger ?? false },
        onOk: async () => {
          try {
            await question.run();
          } catch (error) {
            const problem = asApiError(error);
            const lines = [problem.detail, ...problem.fields.map((field) => `${field.path}: ${field.detail}`)].filter(Boolean);
            notification.error({ title: problemTitle(problem, t), description: lines.join(" · ") || problem.traceId });
          }
        },
      }),
    [modal, notification, t],
  );
}
