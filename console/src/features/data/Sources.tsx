import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { lastFault, useBadRowGroups } from "@/api/bad-row-groups-hook";
import { listKeys } from "@/api/keys-list";
import { useSession } from "@/api/session-hook";
import { useSources } from "@/api/sources-list";
import type { BadRowGroup, Key, Source } from "@/api/types";
import { DataPage } from "@/components/DataPage";
import { Go } from "@/components/Go";
import { Spark } from "@/components/Spark";
import { Empty, Loaded } from "@/components/states";
import { type Column, Table } from "@/components/Table";
import { count, DASH, percent } from "@/lib/numbers";
import { instantText, parseInstant } from "@/lib/time";
import { badShare, isOwn, perMinute, sinceWords } from "./health";
import { NewSource } from "./NewSource";
import "./data.css";

/** Where events come from: how many, how fresh, how sound; new sources with their snippets. */
export function Sources() {
  const { t } = useTranslation();
  const [creating, setCreating] = useState(false);
  const owner = useSession().data?.user.role === "owner";
  const sources = useSources();
  const keys = useWriteKeys();
  const create = owner && (
    <Button type="primary" onClick={() => setCreating(true)}>
      {t("sources.create")}
    </Button>
  );
  const columns = useColumns(keys);
  return (
    <DataPage tab="sources" action={create}>
      <Loaded query={sources}>
        {(page) => <Table name="sources" caption={t("dataTabs.sources")} columns={columns} rows={withSilent(page.items, keys)} rowKey={(one) => one.source} empty={<Empty action={create}>{t("sources.none")}</Empty>} />}
      </Loaded>
      {creating && <NewSource onClose={() => setCreating(false)} />}
    </DataPage>
  );
}

/** Write keys in force, for who may see them. */
export function useWriteKeys(): Key[] {
  const owner = useSession().data?.user.role === "owner";
  const keys = useQuery({ queryKey: ["keys"], queryFn: listKeys, enabled: owner });
  return (keys.data?.items ?? []).filter((key) => key.scope === "intake" && !key.revoked_at);
}

/** Sources that have a key but sent nothing yet stand in the list too. */
function withSilent(sources: Source[], keys: Key[]): Source[] {
  const known = new Set(sources.map((one) => one.source));
  const silent = [...new Set(keys.map((key) => key.source))].filter((source) => !known.has(source));
  const blank = { client: "", last_at: null, events: 0, events_day: 0, bad_rows_day: 0, minutes: [] };
  return [...sources, ...silent.map((source) => ({ source, ...blank }))];
}

function useColumns(keys: Key[]): Column<Source>[] {
  const { t } = useTranslation();
  const owner = useSession().data?.user.role === "owner";
  const groups = useBadRowGroups().data?.items ?? [];
  const faultOf = (one: Source) => lastFault(groups, one.source);
  const keysOf = (one: Source) => keys.filter((key) => key.source === one.source).length;
  const columns: Column<Source>[] = [
    { id: "source", title: t("sources.source"), value: (one) => one.source, cell: (one) => <Name source={one.source} /> },
    { id: "client", title: t("sources.client"), help: t("sources.clientHelp"), value: (one) => one.client, cell: (one) => <span className="cut source-client" title={one.client}>{one.client || DASH}</span> },
    { id: "hour", title: t("sources.hour"), help: t("sources.hourHelp"), cell: (one) => (one.minutes.length ? <Spark values={one.minutes} label={t("sources.sparkOf", { source: one.source })} /> : DASH) },
    { id: "rate", title: t("sources.rate"), help: t("sources.rateHelp"), numeric: true, value: perMinute, cell: (one) => count(perMinute(one)) },
    { id: "last", title: t("sources.last"), value: (one) => one.last_at, cell: (one) => <span className="nowrap" title={one.last_at ? instantText(parseInstant(one.last_at) ?? 0) : t("sources.never")}>{sinceWords(t, one.last_at)}</span> },
    { id: "day", title: t("sources.day"), numeric: true, value: (one) => one.events_day, cell: (one) => count(one.events_day) },
    { id: "bad", title: t("sources.bad"), help: t("sources.badHelp"), numeric: true, value: badShare, cell: (one) => <BadShare source={one} /> },
    { id: "fault", title: t("sources.fault"), help: t("sources.faultHelp"), value: (one) => faultOf(one)?.last_at ?? null, cell: (one) => <Fault group={faultOf(one)} /> },
    { id: "all", title: t("sources.all"), numeric: true, optional: true, value: (one) => one.events, cell: (one) => count(one.events) },
  ];
  return owner ? [...columns, { id: "keys", title: t("sources.keys"), numeric: true, value: keysOf, cell: (one) => count(keysOf(one)) }] : columns;
}

function Name({ source }: { source: string }) {
  const { t } = useTranslation();
  return (
    <span className="row source-name">
      <Go to={`/data/sources/${encodeURIComponent(source)}`}>{source}</Go>
      {isOwn(source) && (
        <span className="tag plain" title={t("sources.ownHelp")}>
          {t("sources.own")}
        </span>
      )}
    </span>
  );
}

/** What a source was last refused for, and when. */
export function Fault({ group }: { group: BadRowGroup | undefined }) {
  const { t } = useTranslation();
  if (!group) return <>{DASH}</>;
  return (
    <span className="cut source-fault" title={group.reason}>
      {sinceWords(t, group.last_at)} · <Go to={`/data/bad-rows/${group.id}`}>{group.reason}</Go>
    </span>
  );
}

function BadShare({ source }: { source: Source }) {
  const share = badShare(source);
  if (share === null) return <>{DASH}</>;
  if (share === 0) return <>{percent(0)}</>;
  return (
    <Go to="/data/bad-rows" extra={{ source: source.source }} className={share > 0.01 ? "warn-text" : ""}>
      {percent(share)}
    </Go>
  );
}
