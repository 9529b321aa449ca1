import { useTranslation } from "react-i18next";
import { listCorrections } from "@/api/corrections-list";
import { usePages } from "@/api/pages-hook";
import type { Correction } from "@/api/types";
import { Empty, Loaded } from "@/components/states";
import { type Column, Table } from "@/components/Table";
import { DASH, exact, unitOf } from "@/lib/numbers";
import { instantText, parseInstant } from "@/lib/time";

const MONEY = new Set(["cost", "gmv", "gross", "net", "credit_notes", "discount"]);

/** Events that came after their bucket was closed, and by how much each moved the numbers. */
export function Corrections() {
  const { t } = useTranslation();
  const lines = usePages(["corrections"], (cursor) => listCorrections({ limit: 20, ...cursor }), 10_000);
  const moved = (one: Correction) =>
    Object.entries(one.moved)
      .filter(([, amount]) => amount !== 0)
      .map(([metric, amount]) => `${t(`metrics.${metric}`, { defaultValue: metric })} ${amount > 0 ? "+" : ""}${exact(amount, unitOf(metric, MONEY.has(metric) ? "minor" : "count"), one.currency)}`)
      .join(", ") || DASH;
  const columns: Column<Correction>[] = [
    { id: "received", title: t("corrections.received"), value: (one) => one.received_at, cell: (one) => <span className="nowrap">{instantText(parseInstant(one.received_at) ?? 0)}</span> },
    { id: "happened", title: t("corrections.happened"), value: (one) => one.timestamp, cell: (one) => <span className="nowrap">{instantText(parseInstant(one.timestamp) ?? 0)}</span> },
    { id: "event", title: t("operations.event"), value: (one) => one.event, cell: (one) => t(`events.${one.event}`, { defaultValue: one.event }) },
    { id: "grain", title: t("corrections.grain"), help: t("corrections.grainHelp"), value: (one) => one.grain, cell: (one) => <span className="nowrap">{t(`corrections.grains.${one.grain}`)}</span> },
    { id: "moved", title: t("corrections.moved"), value: moved, cell: moved },
    { id: "offset", title: t("corrections.offset"), numeric: true, optional: true, value: (one) => one.offset, cell: (one) => one.offset },
  ];
  return (
    <div className="stack">
      <h2>{t("corrections.title")}</h2>
      <Loaded query={lines}>
        {(items) => <Table name="corrections" caption={t("corrections.title")} columns={columns} rows={items} rowKey={(one) => String(one.offset)} more={lines.more} empty={<Empty>{t("corrections.none")}</Empty>} />}
      </Loaded>
    </div>
  );
}
