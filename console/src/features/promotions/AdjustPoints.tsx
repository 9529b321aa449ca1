import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Input, InputNumber, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { askAdjustment } from "@/api/approvals";
import { adjustPoints } from "@/api/points-adjust";
import { asApiError } from "@/api/problem";
import type { CustomerPoints, PointsProgramme } from "@/api/types";
import { MoneyInput } from "@/components/inputs";
import { Field } from "@/components/Field";
import { Failure } from "@/components/states";
import { tell } from "@/lib/notes";
import { heldWords } from "./programme";

interface Props {
  programme: PointsProgramme;
  points: CustomerPoints;
  onClose: () => void;
}

/** Add points to one account or take some off, with a reason that the audit trail keeps. */
export function AdjustPoints({ programme, points, onClose }: Props) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [amount, setAmount] = useState<number | null>(null);
  const [reason, setReason] = useState("");
  // Pressing twice adjusts once; what was refused and is corrected is another request.
  const [request, setRequest] = useState(() => crypto.randomUUID());
  const adjusting = useMutation({
    mutationFn: () => adjustPoints(programme.id, { customer_id: points.customer_id, points: amount ?? 0, reason: reason.trim(), request_id: request }),
    onError: (error) => {
      const { status } = asApiError(error);
      if (status >= 400 && status < 500) setRequest(crypto.randomUUID());
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["points"] });
      onClose();
    },
  });
  const asking = useMutation({
    mutationFn: () => askAdjustment(programme.id, { customer_id: points.customer_id, points: amount ?? 0, reason: reason.trim(), request_id: request }),
    onSuccess: () => {
      tell({ kind: "done", title: t("approvals.sent"), lastsMs: 8_000 });
      onClose();
    },
  });
  const problem = adjusting.error ? asApiError(adjusting.error) : null;
  const most = programme.document.adjust_at_most ?? 100_000;
  const { holds, worth } = programme.document;
  const say = (some: number) => heldWords(holds, some, worth.currency);
  const ready = Boolean(amount) && reason.trim() !== "";
  return (
    <Modal open title={t(holds === "money" ? "points.adjustMoneyOf" : "points.adjustOf", { customer: points.customer_id })} onCancel={onClose} onOk={() => adjusting.mutate()} okText={t(holds === "money" ? "points.adjustMoney" : "points.adjust")} cancelText={t("act.cancel")} okButtonProps={{ disabled: !ready }} confirmLoading={adjusting.isPending} closable={{ "aria-label": t("act.close") }}>
      <div className="form">
        {problem && <Failure error={problem} />}
        {problem?.reason === "approval_needed" && (
          <Button className="start" loading={asking.isPending} onClick={() => asking.mutate()}>
            {t("approvals.ask")}
          </Button>
        )}
        {asking.error && <Failure error={asking.error} />}
        <Field label={t("points.change")} help={t("points.changeHelp", { balance: say(points.balance), most: say(most) })} error={problem?.field("points")}>
          {(id, describedBy) => holds === "money" ? <MoneyInput id={id} describedBy={describedBy} width={160} currency={worth.currency} value={amount} onChange={setAmount} /> : <InputNumber id={id} aria-describedby={describedBy} precision={0} min={-most} max={most} value={amount} onChange={setAmount} style={{ width: 160 }} />}
        </Field>
        <Field label={t("points.reason")} help={t("points.reasonHelp")} error={problem?.field("reason")}>
          {(id, describedBy) => <Input.TextArea id={id} aria-describedby={describedBy} rows={2} maxLength={500} value={reason} onChange={(event) => setReason(event.target.value)} />}
        </Field>
      </div>
    </Modal>
  );
}
