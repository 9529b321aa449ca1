import { useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { lastFault, useBadRowGroups } from "@/api/bad-row-groups-hook";
import { deleteKey } from "@/api/keys-delete";
import { useSession } from "@/api/session-hook";
import { useSources } from "@/api/sources-list";
import type { Key, Source } from "@/api/types";
import { Go } from "@/components/Go";
import { Page } from "@/components/Page";
import { Spark } from "@/components/Spark";
import { Empty, Loaded } from "@/components/states";
import { useConfirm } from "@/components/useConfirm";
import { count, DASH, percent } from "@/lib/numbers";
import { instantText, parseInstant } from "@/lib/time";
import { badShare, isOwn, perMinute, sinceWords } from "./health";
import { NewSource } from "./NewSource";
import { Snippets } from "./Snippets";
import { Fault, useWriteKeys } from "./Sources";
import { Stream } from "./Stream";
import "./data.css";
import "./data.css";

/** One source: its health, its events as they come, its keys and the lines for each client. */
export function SourcePage() {
  const { t } = useTranslation();
  const { source } = useParams({ strict: false }) as { source: string };
  const sources = useSources();
  return (
    <Page title={source} back={{ to: "/data/sources", label: t("dataTabs.sources") }}>
      <Loaded query={sources}>{(page) => <Health source={page.items.find((one) => one.source === source)} name={source} />}</Loaded>
      <div className="two">
        <Stream source={source} />
        {isOwn(source) ? (
          <p className="notice">{t("sources.ownHelp")}</p>
        ) : (
          <div className="stack">
            <Keys source={source} />
            <section className="card">
              <h2>{t("sources.snippets")}</h2>
              <Snippets writeKey={t("sources.yourKey")} />
            </section>
          </div>
        )}
      </div>
    </Page>
  );
}

function Health({ source, name }: { source: Source | undefined; name: string }) {
  const { t } = useTranslation();
  const fault = lastFault(useBadRowGroups().data?.items ?? [], name);
  if (!source) return <p className="notice">{t("sources.silent")}</p>;
  const facts: [string, React.ReactNode][] = [
    ["rate", count(perMinute(source))],
    ["last", sinceWords(t, source.last_at)],
    ["day", count(source.events_day)],
    ["bad", badShare(source) === null ? DASH : <Go to="/data/bad-rows" extra={{ source: name }}>{percent(badShare(source))}</Go>],
    ["all", count(source.events)],
  ];
  return (
    <section className="card health" aria-label={t("sources.health")}>
      <dl className="facts">
        {facts.map(([fact, value]) => (
          <div key={fact}>
            <dt>{t(`sources.${fact}`)}</dt>
            <dd className="big">{value}</dd>
          </div>
        ))}
      </dl>
      <div>
        <span className="note">
          {t("sources.hour")} · {t("sources.client")} {source.client || DASH}
        </span>
        <Spark values={source.minutes} label={t("sources.sparkOf", { source: name })} />
        {fault && (
          <span className="note row fault-line">
            {t("sources.fault")} <Fault group={fault} />
          </span>
        )}
      </div>
    </section>
  );
}

function Keys({ source }: { source: string }) {
  const { t } = useTranslation();
  const owner = useSession().data?.user.role === "owner";
  const keys = useWriteKeys().filter((key) => key.source === source);
  const [creating, setCreating] = useState(false);
  if (!owner) return null;
  return (
    <section className="card">
      <div className="card-head">
        <h2>{t("sources.keys")}</h2>
        <Button size="small" onClick={() => setCreating(true)}>
          {t("sources.makeKey")}
        </Button>
      </div>
      {keys.length === 0 && <Empty>{t("sources.noKey")}</Empty>}
      <ul className="plain">
        {keys.map((key) => (
          <WriteKey key={key.id} writeKey={key} />
        ))}
      </ul>
      {creating && <NewSource source={source} onClose={() => setCreating(false)} />}
    </section>
  );
}

function WriteKey({ writeKey }: { writeKey: Key }) {
  const { t } = useTranslation();
  const confirm = useConfirm();
  const queries = useQueryClient();
  const revoke = () =>
    confirm({
      title: t("keysPage.removeTitle", { name: `…${writeKey.hint}` }),
      touches: <p>{t("keysPage.removeTouches")}</p>,
      undo: t("keysPage.removeUndo"),
      verb: t("keysPage.remove"),
      danger: true,
      run: async () => {
        await deleteKey(writeKey.id);
        await queries.invalidateQueries({ queryKey: ["keys"] });
      },
    });
  return (
    <li className="row">
      <code>…{writeKey.hint}</code> <span>{writeKey.name}</span> <span className="note">{instantText(parseInstant(writeKey.created_at) ?? 0).slice(0, 16)}</span>
      <Button size="small" danger type="text" onClick={revoke}>
        {t("keysPage.remove")}
      </Button>
    </li>
  );
}
