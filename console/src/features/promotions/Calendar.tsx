import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { getCalendar } from "@/api/calendar-get";
import { useCurrency } from "@/api/currency-hook";
import type { CalendarOverlap, PromotionCalendar } from "@/api/types";
import { Go } from "@/components/Go";
import { StateTag } from "@/components/StateTag";
import { Empty, Failure, Waiting } from "@/components/states";
import { nowMs } from "@/lib/clock";
import { count, money } from "@/lib/numbers";
import { DAY_MS, dayStartMs, instantText, parseInstant, rfc3339 } from "@/lib/time";
import { useParameter } from "@/lib/url";
import { Bars, WEEK_MS } from "./CalendarBars";
import type { Span } from "./calendarLanes";
import "./calendar.css";

const WEEKS = 5;
/** So many overlaps are put in words, conflicts first. */
const SHOWN = 20;

/** What runs when; where two promotions meet on the same goods, and how low they go together. */
export function Calendar() {
  const { t } = useTranslation();
  const [shift, setShift] = useParameter("weeks", "0");
  const weeks = Number(shift) || 0;
  const start = dayStartMs(nowMs()) - WEEK_MS + weeks * WEEK_MS;
  const span: Span = { from: start, until: start + WEEKS * WEEK_MS };
  const calendar = useQuery({ queryKey: ["promotions", "calendar", span.from], queryFn: ({ signal }) => getCalendar(rfc3339(span.from), rfc3339(span.until), signal), placeholderData: (previous) => previous, refetchInterval: 30_000 });
  const go = (by: number) => setShift(String(weeks + by));
  return (
    <div className="stack">
      <div className="row calendar-tools">
        <Button size="small" onClick={() => go(-WEEKS + 1)}>
          ← {t("calendar.earlier")}
        </Button>
        <Button size="small" disabled={weeks === 0} onClick={() => setShift("0")}>
          {t("calendar.today")}
        </Button>
        <Button size="small" onClick={() => go(WEEKS - 1)}>
          {t("calendar.later")} →
        </Button>
        <span className="note">
          {instantText(span.from).slice(0, 10)} – {instantText(span.until - DAY_MS).slice(0, 10)}
        </span>
      </div>
      {calendar.error && <Failure error={calendar.error} retry={() => void calendar.refetch()} />}
      {calendar.isPending && <Waiting lines={6} />}
      {calendar.data && <Drawn calendar={calendar.data} span={span} />}
    </div>
  );
}

function Drawn({ calendar, span }: { calendar: PromotionCalendar; span: Span }) {
  const { t } = useTranslation();
  if (calendar.promotions.length === 0) return <Empty>{t("calendar.none")}</Empty>;
  const conflicts = calendar.overlaps.filter((one) => one.conflict).length;
  const title = conflicts ? t("calendar.conflicts", { count: conflicts }) : t("calendar.noConflict", { count: calendar.overlaps.length });
  return (
    <>
      <section className="card calendar">
        <h2>{title}</h2>
        <Bars calendar={calendar} span={span} />
        <p className="note calendar-key">
          {(["live", "draft", "overlap", "conflict"] as const).map((name) => (
            <span key={name}>
              <i className={`bar-key ${name}`} /> {t(`calendar.key.${name}`)}
            </span>
          ))}
        </p>
        {calendar.compared < calendar.promotions.length && <p className="note">{t("calendar.compared", { compared: count(calendar.compared), all: count(calendar.promotions.length) })}</p>}
      </section>
      {calendar.overlaps.length > 0 && <Overlaps calendar={calendar} />}
    </>
  );
}

function Overlaps({ calendar }: { calendar: PromotionCalendar }) {
  const { t } = useTranslation();
  const names = new Map(calendar.promotions.map((one) => [one.id, one]));
  const [all, setAll] = useState(false);
  const shown = [...calendar.overlaps].sort((a, b) => Number(b.conflict) - Number(a.conflict));
  return (
    <section className="card">
      <h2>{t("calendar.overlaps")}</h2>
      <ul className="overlaps">
        {shown.slice(0, all ? Infinity : SHOWN).map((one) => (
          <li key={one.promotion_ids.join()} data-conflict={one.conflict || undefined}>
            <span>
              {one.promotion_ids.map((id, at) => (
                <span key={id}>
                  {at > 0 && ` ${t("calendar.and")} `}
                  <Go to={`/promotions/${id}`}>{names.get(id)?.name ?? id}</Go> <StateTag state={names.get(id)?.state ?? "live"} />
                </span>
              ))}
            </span>
            <Meeting overlap={one} />
          </li>
        ))}
      </ul>
      {shown.length > SHOWN && !all && (
        <button type="button" className="link" onClick={() => setAll(true)}>
          {t("calendar.more", { count: shown.length - SHOWN })}
        </button>
      )}
    </section>
  );
}

function Meeting({ overlap }: { overlap: CalendarOverlap }) {
  const { t } = useTranslation();
  const { currency } = useCurrency();
  const { lowest } = overlap;
  const day = (instant: string | null) => (instant ? instantText(parseInstant(instant) ?? 0).slice(0, 16) : "");
  const when = overlap.from || overlap.until ? `${day(overlap.from)} – ${day(overlap.until)}` : t("promotion.words.always");
  return (
    <span className="note">
      {when} · {t("calendar.shared", { count: overlap.shared_skus })} · {t(overlap.stacks ? "promotion.words.stacks" : "promotion.words.alone")}
      {lowest && (
        <>
          {" · "}
          {t("calendar.lowest", { sku: lowest.sku, price: money(lowest.price, currency), lowest: money(lowest.lowest_price, currency) })}
          {overlap.conflict && <strong> {lowest.below_cost ? t("calendar.belowCost", { cost: money(lowest.cost ?? 0, currency) }) : t("calendar.atMinimum")}</strong>}
        </>
      )}
    </span>
  );
}
