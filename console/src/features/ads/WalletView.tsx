import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMayWrite } from "@/api/session-hook";
import type { Advertiser, Payment, Wallet } from "@/api/types";
import { Empty, Loaded } from "@/components/states";
import { type Column, Table } from "@/components/Table";
import { money } from "@/lib/numbers";
import { instantText, parseInstant } from "@/lib/time";
import { InvoiceView } from "./InvoiceView";
import { Pay, type PayKind } from "./PayAdvertiser";
import { useWallet } from "./useWallet";

/** What an advertiser has, what was paid in and back, and the bills by month. */
export function WalletView({ advertiser }: { advertiser: Advertiser }) {
  const wallet = useWallet(advertiser.id);
  return (
    <div className="stack">
      <Loaded query={wallet}>
        {(shown) => (
          <>
            <Summary wallet={shown} />
            <InvoiceView id={advertiser.id} />
            <Payments wallet={shown} />
          </>
        )}
      </Loaded>
    </div>
  );
}

function Summary({ wallet }: { wallet: Wallet }) {
  const { t } = useTranslation();
  const [paying, setPaying] = useState<PayKind | null>(null);
  const say = (minor: number) => money(minor, wallet.currency);
  const prepaid = wallet.payment === "prepaid";
  const facts: [string, number][] = [
    ["leased", wallet.leased_minor],
    ["paidIn", wallet.paid_in_minor],
    ["billed", wallet.billed_minor],
    ["withdrawn", wallet.withdrawn_minor],
    ...(wallet.credited_minor ? [["credited", wallet.credited_minor] as [string, number]] : []),
    ...(wallet.on_credit_minor ? [["onCredit", wallet.on_credit_minor] as [string, number]] : []),
  ];
  return (
    <section className="card stack" data-testid="wallet">
      <div className="row between">
        <h2>{prepaid ? t("advertisers.has", { balance: say(wallet.balance_minor) }) : t("advertisers.owes", { amount: say(wallet.on_credit_minor) })}</h2>
        {useMayWrite() && (
          <span className="row">
            {prepaid && (
              <Button type="primary" onClick={() => setPaying("top-ups")}>
                {t("advertisers.pay.top-ups")}
              </Button>
            )}
            {wallet.balance_minor > 0 && <Button onClick={() => setPaying("withdrawals")}>{t("advertisers.pay.withdrawals")}</Button>}
          </span>
        )}
      </div>
      <dl className="facts">
        {facts.map(([name, minor]) => (
          <div key={name}>
            <dt title={t(`advertisers.factHelp.${name}`)}>{t(`advertisers.facts.${name}`)}</dt>
            <dd>{say(minor)}</dd>
          </div>
        ))}
      </dl>
      <p className="note">{wallet.difference_minor === 0 ? t("advertisers.agrees") : t("advertisers.differs", { amount: say(wallet.difference_minor) })}</p>
      {paying && <Pay kind={paying} wallet={wallet} onClose={() => setPaying(null)} />}
    </section>
  );
}

function Payments({ wallet }: { wallet: Wallet }) {
  const { t } = useTranslation();
  const columns: Column<Payment>[] = [
    { id: "at", title: t("advertisers.columns.at"), value: (one) => one.at, cell: (one) => instantText(parseInstant(one.at) ?? 0).slice(0, 16) },
    { id: "kind", title: t("advertisers.columns.kind"), value: (one) => one.kind, cell: (one) => t(`advertisers.kinds.${one.kind}`) },
    { id: "amount", title: t("advertisers.columns.amount"), numeric: true, value: (one) => one.amount_minor, cell: (one) => money(one.amount_minor, wallet.currency) },
    { id: "state", title: t("table.state"), value: (one) => one.state, cell: (one) => t(`advertisers.states.${one.state}`, { defaultValue: one.state }) },
    { id: "reference", title: t("advertisers.columns.reference"), value: (one) => one.reference, cell: (one) => one.reference },
  ];
  return (
    <section className="stack">
      <h2>{t("advertisers.paymentsTitle")}</h2>
      <Table name="ad-payments" caption={t("advertisers.paymentsTitle")} columns={columns} rows={wallet.payments} rowKey={(one) => one.id} empty={<Empty>{t("advertisers.noPayments")}</Empty>} />
    </section>
  );
}
