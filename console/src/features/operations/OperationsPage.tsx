import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useSession } from "@/api/session-hook";
import { Page } from "@/components/Page";

type Tab = "system" | "metrics" | "keys";

interface Props {
  tab: Tab;
  status?: ReactNode;
  children: ReactNode;
}

/** The pages about the house itself, beside one another. Only owners have keys. */
export function OperationsPage({ tab, status, children }: Props) {
  const { t } = useTranslation();
  const owner = useSession().data?.user.role === "owner";
  const tabs = [
    { id: "system", to: "/operations" },
    { id: "metrics", to: "/operations/metrics" },
    ...(owner ? [{ id: "keys", to: "/operations", extra: { tab: "keys" } }] : []),
  ];
  return (
    <Page title={t("stages.operations")} name={t(`operations.tabs.${tab}`)} tab={tab} tabs={tabs.map((one) => ({ ...one, label: t(`operations.tabs.${one.id}`) }))} status={status}>
      {children}
    </Page>
  );
}
