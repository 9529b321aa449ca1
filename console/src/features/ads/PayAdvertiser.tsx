import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Input, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { payAdvertiser } from "@/api/advertiser-pay";
import { asApiError } from "@/api/problem";
import type { Wallet } from "@/api/types";
import { Field } from "@/components/Field";
import { MoneyInput } from "@/components/inputs";
import { Failure } from "@/components/states";
import { tell } from "@/lib/notes";
import { money } from "@/lib/numbers";
import { walletKey } from "./useWallet";

export type PayKind = "top-ups" | "withdrawals";

/** Take money in or pay it back, with the transfer's number. */
export function Pay({ kind, wallet, onClose }: { kind: PayKind; wallet: Wallet; onClose: () => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [amount, setAmount] = useState<number | null>(null);
  const [reference, setReference] = useState("");
  // Pressing twice pays once; what was refused and is corrected is another request.
  const [request, setRequest] = useState(() => crypto.randomUUID());
  const paying = useMutation({
    mutationFn: () => payAdvertiser(wallet.advertiser_id, kind, { amount_minor: amount ?? 0, reference: reference.trim(), request_id: request }),
    onError: (error) => {
      const { status } = asApiError(error);
      if (status >= 400 && status < 500) setRequest(crypto.randomUUID());
    },
    onSuccess: (paid) => {
      queries.setQueryData(walletKey(wallet.advertiser_id), paid);
      tell({ kind: "done", title: t(`advertisers.paid.${kind}`, { amount: money(amount ?? 0, wallet.currency) }) });
      onClose();
    },
  });
  const problem = paying.error ? asApiError(paying.error) : null;
  return (
    <Modal open title={t(`advertisers.payOf.${kind}`, { name: wallet.name })} onCancel={onClose} onOk={() => paying.mutate()} okText={t(`advertisers.pay.${kind}`)} cancelText={t("act.cancel")} okButtonProps={{ disabled: !amount }} confirmLoading={paying.isPending} closable={{ "aria-label": t("act.close") }}>
      <div className="form">
        {problem && <Failure error={problem} />}
        <Field label={t("advertisers.columns.amount")} help={t(`advertisers.payHelp.${kind}`, { balance: money(wallet.balance_minor, wallet.currency) })} error={problem?.field("amount_minor")}>
          {(id, describedBy) => <MoneyInput id={id} describedBy={describedBy} width={200} currency={wallet.currency} value={amount} onChange={setAmount} />}
        </Field>
        <Field label={t("advertisers.columns.reference")} help={t("advertisers.referenceHelp")} error={problem?.field("reference")}>
          {(id, describedBy) => <Input id={id} aria-describedby={describedBy} maxLength={500} value={reference} onChange={(event) => setReference(event.target.value)} />}
        </Field>
      </div>
    </Modal>
  );
}
