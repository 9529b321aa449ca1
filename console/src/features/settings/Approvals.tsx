import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { type Decision, decide, listApprovals, listAsked } from "@/api/approvals";
import { useSession } from "@/api/session-hook";
import type { Approval } from "@/api/types";
import { Go } from "@/components/Go";
import { Empty, Failure, Loaded } from "@/components/states";
import { type Column, Table } from "@/components/Table";
import { useConfirm } from "@/components/useConfirm";
import { usePreferences } from "@/lib/preferences";
import { instantText, parseInstant } from "@/lib/time";

const EVERY_MS = 10_000;
/** Where a thing that waits is looked at. */
const PLACES: Record<string, string> = { promotion: "/promotions", coupon_batch: "/promotions/batches", flash_sale: "/promotions/flash-sales" };

/** What waits for a second person, and what became of it. */
export function Approvals() {
  const { t } = useTranslation();
  const approvals = useQuery({ queryKey: ["approvals"], queryFn: listApprovals, refetchInterval: EVERY_MS });
  const columns = useColumns();
  return <Loaded query={approvals}>{(items) => <Table name="approvals" caption={t("approvals.title")} columns={columns} rows={items} rowKey={(one) => String(one.id)} empty={<Empty>{t("approvals.none")}</Empty>} />}</Loaded>;
}

function useColumns(): Column<Approval>[] {
  const { t } = useTranslation();
  const { language } = usePreferences();
  const at = (moment: string) => instantText(parseInstant(moment) ?? 0).slice(0, 16);
  const what = (one: Approval) => `${t(`approvals.actions.${one.action}`, { defaultValue: one.action })} ${t(`approvals.kinds.${one.target_kind}`, { defaultValue: one.target_kind })}`;
  const place = (one: Approval) => PLACES[one.target_kind];
  return [
    { id: "what", title: t("approvals.what"), value: what, cell: (one) => <span>{what(one)} {place(one) ? <Go to={`${place(one)}/${one.target_id}`}>{one.target_id}</Go> : <Receiver approval={one} />}</span> },
    { id: "why", title: t("approvals.why"), value: (one) => one.dangers.map((danger) => danger[language]).join("; "), cell: (one) => one.dangers.map((danger) => danger[language]).join("; ") || one.reason },
    { id: "by", title: t("approvals.by"), value: (one) => one.asked_by_name, cell: (one) => one.asked_by_name || one.asked_by },
    { id: "at", title: t("approvals.at"), value: (one) => one.asked_at, cell: (one) => <span className="nowrap">{at(one.asked_at)}</span> },
    { id: "until", title: t("approvals.until"), value: (one) => one.expires_at, cell: (one) => <span className="nowrap">{at(one.expires_at)}</span> },
    { id: "state", title: t("table.state"), value: (one) => one.state, cell: (one) => t(`approvals.states.${one.state}`, { defaultValue: one.state }) },
    { id: "act", title: t("table.actions"), cell: (one) => one.state === "pending" && <Deciding approval={one} /> },
  ];
}

/** Whose account it is about, while it waits; afterwards, what the request was. */
function Receiver({ approval }: { approval: Approval }) {
  const asked = useQuery({ queryKey: ["approvals", "asked"], queryFn: listAsked, enabled: approval.state === "pending" });
  const customer = asked.data?.get(approval.target_id)?.customer_id;
  return customer ? <Go to={`/audience/people/${encodeURIComponent(customer)}`}>{customer}</Go> : approval.target_id;
}

/** Yes or no of another owner, or one's own way back. */
function Deciding({ approval }: { approval: Approval }) {
  const { t } = useTranslation();
  const user = useSession().data?.user;
  const queries = useQueryClient();
  const confirm = useConfirm();
  const deciding = useMutation({ mutationFn: (how: Decision) => decide(approval.id, how), onSettled: () => void queries.invalidateQueries() });
  const ask = (how: Decision) =>
    confirm({ title: t(`approvals.sure.${how}`), touches: <p>{t(`approvals.touches.${how}`)}</p>, undo: t(`approvals.undo.${how}`), verb: t(`approvals.verbs.${how}`), danger: how === "reject", run: () => deciding.mutateAsync(how) });
  const verbs: Decision[] = user?.id === approval.asked_by ? ["cancel"] : user?.role === "owner" ? ["approve", "reject"] : [];
  return (
    <span className="row">
      {verbs.map((how) => (
        <Button key={how} size="small" type={how === "approve" ? "primary" : "default"} loading={deciding.isPending} onClick={() => ask(how)}>
          {t(`approvals.verbs.${how}`)}
        </Button>
      ))}
      {deciding.error && <Failure error={deciding.error} />}
    </span>
  );
}
