import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Page } from "./Page";

const TABS = { report: "/data", sources: "/data/sources", events: "/data/events", "bad-rows": "/data/bad-rows", schemas: "/data/schemas", imports: "/data/imports", pipeline: "/data/pipeline" };

interface Props {
  tab: keyof typeof TABS;
  status?: ReactNode;
  action?: ReactNode;
  children: ReactNode;
}

/** The pages about data, beside one another: what came in, what was refused, what it comes to. */
export function DataPage({ tab, status, action, children }: Props) {
  const { t } = useTranslation();
  const tabs = Object.entries(TABS).map(([id, to]) => ({ id, to, label: t(`dataTabs.${id}`) }));
  return (
    <Page title={t("stages.data")} name={t(`dataTabs.${tab}`)} tabs={tabs} tab={tab} status={status} action={action}>
      {children}
    </Page>
  );
}
