import { useTranslation } from "react-i18next";
import { useBadRowGroups } from "@/api/bad-row-groups-hook";
import type { BadRowGroup } from "@/api/types";
import { Choice } from "@/components/Choice";
import { DataPage } from "@/components/DataPage";
import { Go } from "@/components/Go";
import { Empty, Loaded } from "@/components/states";
import { type Column, Table } from "@/components/Table";
import { count } from "@/lib/numbers";
import { instantText, parseInstant } from "@/lib/time";
import { useParameter } from "@/lib/url";
import { sinceWords } from "./health";

/** What intake refused, one line a cause: the reason, where, how often, and what still waits. */
export function BadRows() {
  const { t } = useTranslation();
  const groups = useBadRowGroups();
  const [source, setSource] = useParameter("source", "");
  const [shown, setShown] = useParameter("show", "waiting");
  const columns = useColumns();
  return (
    <DataPage tab="bad-rows">
      <Loaded query={groups}>
        {(page) => {
          const rows = page.items.filter((one) => (source === "" || one.source === source) && (shown === "all" || one.waiting > 0));
          return (
            <Table
              name="bad-rows"
              caption={t("dataTabs.bad-rows")}
              columns={columns}
              rows={rows}
              rowKey={(one) => one.id}
              empty={<Empty>{t(page.items.length ? "badRows.noneHere" : "badRows.none")}</Empty>}
              tools={
                <>
                  <Choice label={t("badRows.show")} value={shown} onChange={setShown} options={["waiting", "all"].map((value) => ({ value, label: t(`badRows.shows.${value}`) }))} />
                  <Choice label={t("sources.source")} value={source} onChange={setSource} options={[{ value: "", label: t("sources.every") }, ...sourcesOf(page.items, source)]} />
                </>
              }
            />
          );
        }}
      </Loaded>
    </DataPage>
  );
}

const sourcesOf = (groups: BadRowGroup[], chosen: string) => [...new Set([...groups.map((one) => one.source), ...(chosen ? [chosen] : [])])].sort().map((value) => ({ value, label: value }));

function useColumns(): Column<BadRowGroup>[] {
  const { t } = useTranslation();
  const event = (one: BadRowGroup) => (one.event ? t(`events.${one.event}`, { defaultValue: one.event }) : t("badRows.noEvent"));
  return [
    { id: "reason", title: t("badRows.reason"), value: (one) => one.reason, cell: (one) => <Go to={`/data/bad-rows/${one.id}`}>{one.reason}</Go> },
    { id: "path", title: t("badRows.path"), value: (one) => one.path, cell: (one) => <code>{one.path || "$"}</code> },
    { id: "event", title: t("badRows.event"), value: event, cell: event },
    { id: "code", title: t("badRows.code"), value: (one) => one.code, cell: (one) => t(`badRows.codes.${one.code}`, { defaultValue: one.code }) },
    { id: "source", title: t("badRows.source"), value: (one) => one.source, cell: (one) => one.source },
    { id: "waiting", title: t("badRows.waiting"), help: t("badRows.waitingHelp"), numeric: true, value: (one) => one.waiting, cell: (one) => count(one.waiting) },
    { id: "rows", title: t("badRows.rows"), numeric: true, value: (one) => one.rows, cell: (one) => count(one.rows) },
    { id: "last", title: t("badRows.last"), value: (one) => one.last_at, cell: (one) => <span title={instantText(parseInstant(one.last_at) ?? 0)}>{sinceWords(t, one.last_at)}</span> },
    { id: "first", title: t("badRows.first"), optional: true, value: (one) => one.first_at, cell: (one) => instantText(parseInstant(one.first_at) ?? 0) },
  ];
}
