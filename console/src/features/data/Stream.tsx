import { useQuery } from "@tanstack/react-query";
import { Button, Input } from "antd";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { listEvents } from "@/api/events-list";
import { useSources } from "@/api/sources-list";
import type { StoredEvent } from "@/api/types";
import { Choice } from "@/components/Choice";
import { DataPage } from "@/components/DataPage";
import { useSettled } from "@/lib/useSettled";
import { Json } from "@/components/Json";
import { Empty, Failure, Waiting } from "@/components/states";
import { minuteText, parseInstant, clockText } from "@/lib/time";
import { useParameter } from "@/lib/url";
import "./data.css";

const KEPT_MAX = 500;
const NAMES = ["Product Viewed", "Product List Viewed", "Product Clicked", "Product Added", "Product Removed", "Cart Viewed", "Checkout Started", "Order Completed", "Order Refunded", "Coupon Applied", "Ad Served", "Ad Viewed", "Ad Clicked", "Recommendation Served"];

/** The page of the stream alone. */
export function Events() {
  return (
    <DataPage tab="events">
      <Stream />
    </DataPage>
  );
}

/** Events as they are stored, newest first, with filters, pause and the whole JSON. */
export function Stream({ source: given }: { source?: string }) {
  const { t } = useTranslation();
  const [name, setName] = useParameter("event", "");
  const [text, setText] = useParameter("q", "");
  const [paused, setPaused] = useState(false);
  const [chosen, setChosen] = useParameter("source", "");
  const source = given ?? chosen;
  const sources = useSources();
  const { events, error, pending, retry } = useStream(name, source, paused);
  const wanted = useSettled(text, 150).toLowerCase();
  const shown = wanted ? events.filter((event) => JSON.stringify(event).toLowerCase().includes(wanted)) : events;
  return (
    <section className="stream" aria-label={t("dataTabs.events")}>
      <div className="stream-tools">
        <Choice label={t("operations.event")} value={name} onChange={setName} options={[{ value: "", label: t("operations.allEvents") }, ...NAMES.map((value) => ({ value, label: t(`events.${value}`) }))]} />
        {given === undefined && (
          <Choice label={t("sources.source")} value={source} onChange={setChosen} options={[{ value: "", label: t("sources.every") }, ...(sources.data?.items ?? []).map((one) => ({ value: one.source, label: one.source }))]} />
        )}
        <Input.Search size="small" allowClear style={{ width: 240 }} aria-label={t("operations.filter")} placeholder={t("operations.filter")} value={text} onChange={(event) => setText(event.target.value)} />
        <Button size="small" onClick={() => setPaused(!paused)} aria-pressed={paused}>
          {t(paused ? "operations.resume" : "operations.pause")}
        </Button>
        <span className="note" aria-live="polite">
          {t(paused ? "operations.pausedAt" : "operations.live", { count: shown.length })}
        </span>
      </div>
      {error !== null && <Failure error={error} retry={retry} />}
      {pending && <Waiting lines={8} />}
      {!pending && shown.length === 0 && error === null && <Empty>{t("operations.noEvents")}</Empty>}
      {shown.length > 0 && (
        <ul tabIndex={0} aria-label={t("dataTabs.events")}>
          {shown.map((event) => (
            <li key={event.offset}>
              <Line event={event} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Line({ event }: { event: StoredEvent }) {
  const { t } = useTranslation();
  const name = event.event ?? event.type;
  const at = parseInstant(event.received_at) ?? 0;
  return (
    <details>
      <summary>
        <span className="note offset">#{event.offset}</span>
        <time className="note" dateTime={event.received_at} title={minuteText(at)}>
          {clockText(at)}
        </time>
        <span>{t(`events.${name}`, { defaultValue: name })}</span>
        <span className="note who">{event.user_id ?? event.anonymous_id ?? ""}</span>
        <span className="note source">{event.source}</span>
      </summary>
      <div>
        <Json value={event} open />
      </div>
    </details>
  );
}

/** The newest events, then only those after the last one seen. */
function useStream(name: string, source: string, paused: boolean) {
  const [events, setEvents] = useState<StoredEvent[]>([]);
  const last = useRef(0);
  useEffect(() => {
    setEvents([]);
    last.current = 0;
  }, [name, source]);
  const query = useQuery({
    queryKey: ["events", name, source],
    refetchInterval: paused ? false : 2000,
    enabled: !paused,
    gcTime: 0,
    queryFn: async () => {
      const after = last.current;
      const page = await listEvents({ limit: source ? 500 : 100, ...(name ? { event: name } : {}), ...(after ? { after } : {}) });
      const newest = Math.max(after, ...page.items.map((event) => event.offset));
      return { newest, items: source ? page.items.filter((event) => event.source === source) : page.items };
    },
  });
  useEffect(() => {
    const items = query.data?.items ?? [];
    last.current = Math.max(last.current, query.data?.newest ?? 0);
    if (items.length === 0) return;
    setEvents((old) => {
      const known = new Set(old.map((event) => event.offset));
      const fresh = items.filter((event) => !known.has(event.offset));
      return [...fresh, ...old].sort((a, b) => b.offset - a.offset).slice(0, KEPT_MAX);
    });
  }, [query.data]);
  return { events, error: query.error, pending: query.isPending && !paused, retry: () => void query.refetch() };
}
