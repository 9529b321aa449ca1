import { useTranslation } from "react-i18next";
import { useSession } from "@/api/session-hook";
import { Page } from "@/components/Page";
import { useParameter } from "@/lib/url";
import { Approvals } from "./Approvals";
import { Audit } from "./Audit";
import { Taste } from "./Taste";
import { Users } from "./Users";

/** People, what waits for a second one, the trail of changes, and the reader's own taste. */
export function Settings() {
  const { t } = useTranslation();
  const owner = useSession().data?.user.role === "owner";
  const ids = owner ? ["users", "approvals", "audit", "taste"] : ["approvals", "taste"];
  const [tab] = useParameter("tab", owner ? "users" : "approvals");
  return (
    <Page title={t("stages.settings")} tabs={ids.map((id) => ({ id, label: t(`settings.tabs.${id}`) }))}>
      {owner && tab === "users" && <Users />}
      {tab === "approvals" && <Approvals />}
      {owner && tab === "audit" && <Audit />}
      {tab === "taste" && <Taste />}
    </Page>
  );
}
