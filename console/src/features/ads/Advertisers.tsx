import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Advertiser } from "@/api/types";
import { DocumentList } from "@/components/DocumentList";
import { Go } from "@/components/Go";
import { StateTag } from "@/components/StateTag";
import type { Column } from "@/components/Table";
import { useMoves } from "@/components/useMoves";
import { DASH, money } from "@/lib/numbers";
import { WalletFigure } from "./WalletFigure";

/** Who pays for ads, and what is in their wallets. */
export function Advertisers({ create }: { create: ReactNode }) {
  const { t } = useTranslation();
  const { moveAll } = useMoves({ kind: "advertisers", words: "advertisers" });
  const columns: Column<Advertiser>[] = [
    { id: "name", title: t("advertisers.fields.name"), value: (item) => item.document.name, cell: (item) => <Go to={`/ads/advertisers/${item.id}`}>{item.document.name}</Go> },
    { id: "id", title: t("advertisers.id"), help: t("advertisers.idHelp"), value: (item) => item.id, cell: (item) => <code>{item.id}</code> },
    { id: "state", title: t("table.state"), value: (item) => item.state, cell: (item) => <StateTag state={item.state} /> },
    { id: "payment", title: t("advertisers.fields.payment"), value: (item) => item.document.payment, cell: (item) => t(`advertisers.payments.${item.document.payment}`) },
    { id: "balance", title: t("advertisers.balance"), numeric: true, cell: (item) => <WalletFigure advertiser={item} name="balance_minor" /> },
    { id: "billed", title: t("advertisers.billed"), numeric: true, cell: (item) => <WalletFigure advertiser={item} name={item.document.payment === "prepaid" ? "billed_minor" : "on_credit_minor"} /> },
    { id: "credit", title: t("advertisers.fields.credit_minor"), numeric: true, optional: true, value: (item) => item.document.credit_minor, cell: ({ document }) => (document.credit_minor === null ? DASH : money(document.credit_minor, document.currency)) },
  ];
  return <DocumentList kind="advertisers" caption={t("ads.tabs.advertisers")} columns={columns} none={t("advertisers.none")} create={create} moveAll={moveAll} />;
}
