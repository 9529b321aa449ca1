import { useTranslation } from "react-i18next";
import { listAudit } from "@/api/audit-list";
import { usePages } from "@/api/pages-hook";
import type { AuditEntry } from "@/api/types";
import { Empty, Loaded } from "@/components/states";
import { type Column, Table } from "@/components/Table";
import { instantText, parseInstant } from "@/lib/time";

/** Who changed what, when, from where. */
export function Audit() {
  const { t } = useTranslation();
  const audit = usePages(["audit"], (cursor) => listAudit({ limit: 200, ...cursor }));
  const columns: Column<AuditEntry>[] = [
    { id: "at", title: t("settings.at"), value: (one) => one.at, cell: (one) => instantText(parseInstant(one.at) ?? 0) },
    { id: "who", title: t("settings.who"), value: (one) => one.actor_name || one.actor, cell: (one) => one.actor_name || one.actor },
    { id: "action", title: t("settings.action"), value: (one) => one.action, cell: (one) => <code>{one.action}</code> },
    { id: "summary", title: t("settings.summary"), value: (one) => one.summary ?? "", cell: (one) => one.summary ?? "" },
    { id: "target", title: t("settings.target"), value: (one) => `${one.target_kind ?? ""} ${one.target_id ?? ""}`, cell: (one) => <span className="cut">{`${one.target_kind ?? ""} ${one.target_id ?? ""}`}</span> },
    { id: "address", title: t("settings.address"), optional: true, value: (one) => one.address ?? "", cell: (one) => one.address },
    { id: "trace", title: t("state.trace"), optional: true, value: (one) => one.trace_id ?? "", cell: (one) => <code>{one.trace_id}</code> },
  ];
  return (
    <Loaded query={audit}>
      {(items) => <Table name="audit" caption={t("settings.tabs.audit")} columns={columns} rows={items} more={audit.more} rowKey={(one) => String(one.id)} empty={<Empty>{t("settings.noAudit")}</Empty>} />}
    </Loaded>
  );
}
