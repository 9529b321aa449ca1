import { useTranslation } from "react-i18next";
import { useSession } from "@/api/session-hook";
import { Page } from "@/components/Page";
import { useParameter } from "@/lib/url";
import { BadRows } from "./BadRows";
import { Events } from "./Events";
import { Keys } from "./Keys";
import { System } from "./System";

/** Where data comes in and how the house is: events live, what was refused, roles, keys. */
export function Operations() {
  const { t } = useTranslation();
  const owner = useSession().data?.user.role === "owner";
  const [tab] = useParameter("tab", "events");
  const ids = ["events", "bad-rows", "system", ...(owner ? ["keys"] : [])];
  return (
    <Page title={t("stages.operations")} tabs={ids.map((id) => ({ id, label: t(`operations.tabs.${id}`) }))}>
      {tab === "events" && <Events />}
      {tab === "bad-rows" && <BadRows />}
      {tab === "system" && <System />}
      {tab === "keys" && owner && <Keys />}
    </Page>
  );
}
