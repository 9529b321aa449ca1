import { useTranslation } from "react-i18next";
import { useSession } from "@/api/session-hook";
import { Page } from "@/components/Page";
import { useParameter } from "@/lib/url";
import { Keys } from "./Keys";
import { System } from "./System";

/** How the house is: its roles, and the keys of programs. */
export function Operations() {
  const { t } = useTranslation();
  const owner = useSession().data?.user.role === "owner";
  const [tab] = useParameter("tab", "system");
  const ids = ["system", ...(owner ? ["keys"] : [])];
  return (
    <Page title={t("stages.operations")} tabs={ids.map((id) => ({ id, label: t(`operations.tabs.${id}`) }))}>
      {tab === "system" && <System />}
      {tab === "keys" && owner && <Keys />}
    </Page>
  );
}
