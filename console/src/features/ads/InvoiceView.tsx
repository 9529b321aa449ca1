import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { getInvoice } from "@/api/advertiser-invoice";
import { useNames } from "@/api/documents/all";
import type { Invoice, InvoiceLine } from "@/api/types";
import { Choice } from "@/components/Choice";
import { Go } from "@/components/Go";
import { Empty, Loaded } from "@/components/states";
import { type Column, Table } from "@/components/Table";
import { nowMs } from "@/lib/clock";
import { count, money } from "@/lib/numbers";
import { dayOf } from "@/lib/time";
import { useParameter } from "@/lib/url";
import { latestMonths } from "./months";

const MONTHS = 12;

/** A month's bill: what each campaign cost, and whether ledger and log agree. */
export function InvoiceView({ id }: { id: string }) {
  const { t } = useTranslation();
  const months = latestMonths(dayOf(nowMs()), MONTHS);
  const [month, setMonth] = useParameter("month", months[0] ?? "");
  const bill = useQuery({ queryKey: ["advertisers", "invoice", id, month], queryFn: ({ signal }) => getInvoice(id, month, signal) });
  const columns = useColumns(bill.data?.currency ?? "CNY");
  const tools = <Choice label={t("advertisers.month")} value={month} onChange={setMonth} options={months.map((value) => ({ value, label: value }))} />;
  return (
    <Loaded query={bill}>
      {(shown) => (
        <section className="stack" data-testid="invoice">
          <h2>{t("advertisers.invoice")}</h2>
          <Table name={`invoice-${id}-${month}`} caption={t("advertisers.invoice")} columns={columns} rows={shown.lines} rowKey={(line) => line.campaign_id} tools={tools} empty={<Empty>{t("advertisers.noLines")}</Empty>} />
          <Sum bill={shown} />
        </section>
      )}
    </Loaded>
  );
}

/** The sum in words, and whether ledger and log agree. */
function Sum({ bill }: { bill: Invoice }) {
  const { t } = useTranslation();
  const say = (minor: number) => money(minor, bill.currency);
  return (
    <p className="note">
      <span>{t(bill.closed ? "advertisers.closed" : "advertisers.soFar", { total: say(bill.total_minor) })}</span> <span>{bill.difference_minor === 0 ? t("advertisers.linesAgree") : t("advertisers.linesDiffer", { amount: say(bill.difference_minor) })}</span>
      {!!bill.credited_minor && <span> {t("advertisers.creditedBack", { amount: say(bill.credited_minor), due: say(bill.due_minor ?? 0) })}</span>}
    </p>
  );
}

function useColumns(currency: string): Column<InvoiceLine>[] {
  const { t } = useTranslation();
  const names = useNames("campaigns");
  const name = (line: InvoiceLine) => names.get(line.campaign_id) ?? line.campaign_id;
  return [
    { id: "campaign", title: t("advertisers.columns.campaign"), value: name, cell: (line) => <Go to={`/ads/${line.campaign_id}`}>{name(line)}</Go> },
    { id: "clicks", title: t("advertisers.columns.clicks"), numeric: true, value: (line) => line.clicks, cell: (line) => count(line.clicks) },
    { id: "cost", title: t("advertisers.columns.cost"), numeric: true, value: (line) => line.cost_minor, cell: (line) => money(line.cost_minor, currency) },
  ];
}
