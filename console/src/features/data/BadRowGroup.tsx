import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { Button, Checkbox } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { getBadRowGroup } from "@/api/bad-row-group-get";
import { useMayWrite } from "@/api/session-hook";
import type { BadRowGroup as Group, BadRowGroupDetail, OriginalRow } from "@/api/types";
import { Go } from "@/components/Go";
import { Json } from "@/components/Json";
import { Page } from "@/components/Page";
import { Loaded } from "@/components/states";
import { bytes, count } from "@/lib/numbers";
import { instantText, parseInstant } from "@/lib/time";
import { Outcome, useReplay } from "./useReplay";
import "./data.css";
import "./data.css";

/** Rows of one cause: the original bytes, and another try after a fix. */
export function BadRowGroup() {
  const { t } = useTranslation();
  const { id } = useParams({ strict: false }) as { id: string };
  const group = useQuery({ queryKey: ["bad-rows", "group", id], queryFn: () => getBadRowGroup(id), refetchInterval: 10_000 });
  return (
    <Page title={group.data?.group.reason ?? t("dataTabs.bad-rows")} back={{ to: "/data/bad-rows", label: t("dataTabs.bad-rows") }}>
      <Loaded query={group}>{(detail) => <Detail detail={detail} />}</Loaded>
    </Page>
  );
}

function Detail({ detail }: { detail: BadRowGroupDetail }) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const mayWrite = useMayWrite();
  const replay = useReplay();
  const waiting = detail.waiting_ids;
  const toggle = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    setChosen(next);
  };
  return (
    <>
      <Facts group={detail.group} />
      {mayWrite && (
        <section className="card stack" aria-label={t("badRows.replay")}>
          <p>{t("badRows.howTo")} {detail.group.code === "invalid" && detail.group.event && <Go to="/data/schemas">{t("badRows.toSchemas")}</Go>}</p>
          <div className="row">
            <Button type="primary" disabled={waiting.length === 0} loading={replay.running} onClick={() => void replay.run(waiting)}>
              {t("badRows.replayAll", { count: waiting.length })}
            </Button>
            {chosen.size > 0 && (
              <Button disabled={replay.running} onClick={() => void replay.run([...chosen]).then(() => setChosen(new Set()))}>
                {t("badRows.replayChosen", { count: chosen.size })}
              </Button>
            )}
            {replay.running && <Button onClick={replay.cancel}>{t("badRows.stop")}</Button>}
          </div>
          <Outcome replay={replay} />
        </section>
      )}
      <h2>{t("badRows.newest", { count: detail.items.length })}</h2>
      <ul className="plain originals">
        {detail.items.map((row) => (
          <li key={row.id} className="card">
            <Original row={row} pick={mayWrite && row.replayed_as === null ? <Checkbox aria-label={t("badRows.choose", { id: row.id })} checked={chosen.has(row.id)} onChange={() => toggle(row.id)} /> : null} />
          </li>
        ))}
      </ul>
    </>
  );
}

function Facts({ group }: { group: Group }) {
  const { t } = useTranslation();
  const instant = (at: string) => instantText(parseInstant(at) ?? 0);
  const facts: [string, React.ReactNode][] = [
    ["path", <code key="path">{group.path || "$"}</code>],
    ["event", group.event ? t(`events.${group.event}`, { defaultValue: group.event }) : t("badRows.noEvent")],
    ["code", t(`badRows.codes.${group.code}`, { defaultValue: group.code })],
    ["source", <Go key="source" to={`/data/sources/${encodeURIComponent(group.source)}`}>{group.source}</Go>],
    ["protocol", group.protocol],
    ["schemaVersion", String(group.schema_version)],
    ["rows", count(group.rows)],
    ["waiting", count(group.waiting)],
    ["first", instant(group.first_at)],
    ["last", instant(group.last_at)],
  ];
  return (
    <section className="card">
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{t(`badRows.${name}`)}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Original({ row, pick }: { row: OriginalRow; pick: React.ReactNode }) {
  const { t } = useTranslation();
  const json = parsed(row.text);
  return (
    <>
      <div className="row original-head">
        {pick}
        <span className="note">
          #{row.id} · {instantText(parseInstant(row.received_at) ?? 0)} · {bytes(row.size)}
        </span>
        <a href={`/api/v1/bad-rows/${row.id}/body`} download={`bad-row-${row.id}.bin`}>
          {t("badRows.download")}
        </a>
        {row.replayed_as !== null && <span className="tag good">{row.replayed_as ? t("badRows.replayedAs", { id: row.replayed_as }) : t("badRows.replayed")}</span>}
      </div>
      {json !== undefined && <Json value={json} open />}
      <details open={json === undefined}>
        <summary>{t("badRows.original")}</summary>
        {row.text === null && <p className="note">{t("badRows.notText")}</p>}
        <pre className="raw" tabIndex={0} aria-label={t("badRows.original")}>{row.text ?? row.base64}</pre>
      </details>
    </>
  );
}

/** The bytes as JSON where they are, undefined where not. */
function parsed(text: string | null): unknown {
  try {
    return text === null ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}
