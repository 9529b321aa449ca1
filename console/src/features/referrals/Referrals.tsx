import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import { useNames } from "@/api/documents/all";
import { useMayWrite } from "@/api/session-hook";
import type { ReferralProgramme } from "@/api/types";
import { DocumentList } from "@/components/DocumentList";
import { Go } from "@/components/Go";
import { Page } from "@/components/Page";
import { StateTag } from "@/components/StateTag";
import type { Column } from "@/components/Table";
import { useMoves } from "@/components/useMoves";
import { count } from "@/lib/numbers";
import { useGo } from "@/lib/url";
import { usePromotionTabs } from "@/lib/usePromotionTabs";
import { rewardWords } from "./words";

/** All referral programmes; one of them is live at a time. */
export function Referrals() {
  const { t } = useTranslation();
  const go = useGo();
  const tabs = usePromotionTabs();
  const { moveAll } = useMoves({ kind: "referral-programmes", words: "referrals" });
  const columns = useColumns();
  const create = useMayWrite() && (
    <Button type="primary" onClick={() => go("/promotions/referrals/new")}>
      {t("referrals.create")}
    </Button>
  );
  return (
    <Page title={t("stages.promotions")} name={t("referrals.tab")} action={create} tabs={tabs} tab="referrals">
      <DocumentList kind="referral-programmes" caption={t("referrals.tab")} columns={columns} none={t("referrals.none")} create={create} moveAll={moveAll} />
    </Page>
  );
}

function useColumns(): Column<ReferralProgramme>[] {
  const { t } = useTranslation();
  const { currency } = useCurrency();
  const batches = useNames("coupon-batches");
  return [
    { id: "name", title: t("referrals.fields.name"), value: (item) => item.document.name, cell: (item) => <Go to={`/promotions/referrals/${item.id}`}>{item.document.name}</Go> },
    { id: "state", title: t("table.state"), value: (item) => item.state, cell: (item) => <StateTag state={item.state} /> },
    { id: "newcomer", title: t("referrals.fields.newcomer_batch"), cell: (item) => batches.get(item.document.newcomer_batch) ?? item.document.newcomer_batch },
    { id: "reward", title: t("referrals.fields.reward"), cell: (item) => rewardWords(t, item.document.reward, currency, batches) },
    { id: "month", title: t("referrals.fields.rewards_per_month"), numeric: true, value: (item) => item.document.rewards_per_month, cell: (item) => count(item.document.rewards_per_month) },
  ];
}
