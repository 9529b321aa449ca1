import { Input } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { CalendarOverlap, PromotionCalendar } from "@/api/types";
import { Go } from "@/components/Go";
import { nowMs } from "@/lib/clock";
import { DAY_MS, instantText, monthDayText, parseInstant } from "@/lib/time";
import { type Lane, LANES, lanesOf, overlapsOf, perDay, type Planned, type Span, within } from "./calendarLanes";

export const WEEK_MS = 7 * DAY_MS;

/** So many rows of a lane at first; the rest by name, or when asked for. */
const ROWS = 50;
/** Fewer promotions need neither search nor folded lanes. */
const FEW = 40;

interface Time {
  span: Span;
  weeks: number[];
  now: number;
}

/** A row a promotion: its time as a bar, on it where it meets others; in lanes by what an operator looks for first. */
export function Bars({ calendar, span }: { calendar: PromotionCalendar; span: Span }) {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  const weeks = Array.from({ length: Math.round((span.until - span.from) / WEEK_MS) }, (_, at) => span.from + at * WEEK_MS);
  const time: Time = { span, weeks, now: nowMs() };
  const overlaps = useMemo(() => overlapsOf(calendar.overlaps), [calendar]);
  const wanted = text.trim().toLowerCase();
  const found = wanted ? calendar.promotions.filter((one) => one.name.toLowerCase().includes(wanted)) : calendar.promotions;
  const lanes = lanesOf(found, overlaps, span, time.now);
  const isFew = calendar.promotions.length <= FEW;
  return (
    <div className="calendar-grid">
      {!isFew && <Input.Search size="small" allowClear className="calendar-find" aria-label={t("table.search")} placeholder={t("table.search")} value={text} onChange={(event) => setText(event.target.value)} />}
      <Head promotions={found} time={time} />
      {LANES.filter((lane) => lanes[lane].length > 0).map((lane) => (
        <LaneRows key={lane} lane={lane} promotions={lanes[lane]} overlaps={overlaps} time={time} open={isFew || wanted !== "" || lane !== "steady"} />
      ))}
      {found.length === 0 && <p className="note">{t("table.noMatch")}</p>}
    </div>
  );
}

/** The weeks, and above each day how many promotions run. */
function Head({ promotions, time: { span, weeks } }: { promotions: readonly Planned[]; time: Time }) {
  const { t } = useTranslation();
  const days = perDay(promotions, span);
  const most = Math.max(1, ...days);
  return (
    <div className="calendar-head">
      <span className="note">{t("calendar.perDay", { most })}</span>
      <div>
        <div className="calendar-days" role="img" aria-label={t("calendar.perDayOf", { least: Math.min(...days), most })}>
          {days.map((count, day) => (
            <i key={day} title={t("calendar.onDay", { day: monthDayText(span.from + day * DAY_MS), count })}>
              <b style={{ height: `${(count / most) * 100}%` }} />
            </i>
          ))}
        </div>
        <div className="calendar-track" aria-hidden="true">
          {weeks.map((week) => (
            <span key={week} className="calendar-week" style={{ left: percent(week, span) }}>
              {monthDayText(week)}
            </span>
          ))}
        </div>
      </div>
    </div>
  );
}

function LaneRows({ lane, promotions, overlaps, time, open }: { lane: Lane; promotions: Planned[]; overlaps: Map<string, CalendarOverlap[]>; time: Time; open: boolean }) {
  const { t } = useTranslation();
  const [turned, setTurned] = useState<boolean | null>(null);
  const [most, setMost] = useState(ROWS);
  const isOpen = turned ?? open;
  return (
    <section className="calendar-lane" aria-label={t(`calendar.lanes.${lane}`)}>
      <h3>
        <button type="button" className="link" aria-expanded={isOpen} onClick={() => setTurned(!isOpen)}>
          <span aria-hidden="true">{isOpen ? "▾" : "▸"}</span> {t(`calendar.lanes.${lane}`)} <span className="note">{promotions.length}</span>
        </button>
      </h3>
      {isOpen && promotions.slice(0, most).map((one) => <Row key={one.id} promotion={one} overlaps={overlaps.get(one.id) ?? []} time={time} />)}
      {isOpen && promotions.length > most && (
        <button type="button" className="link" onClick={() => setMost(most + 4 * ROWS)}>
          {t("calendar.more", { count: promotions.length - most })}
        </button>
      )}
    </section>
  );
}

function Row({ promotion, overlaps, time: { span, weeks, now } }: { promotion: Planned; overlaps: CalendarOverlap[]; time: Time }) {
  const { t } = useTranslation();
  const bar = within(promotion.starts_at, promotion.ends_at, span);
  const edge = (instant: string | null) => (instant ? instantText(parseInstant(instant) ?? 0).slice(0, 16) : t("calendar.open"));
  const time = `${edge(promotion.starts_at)} – ${edge(promotion.ends_at)}`;
  return (
    <div className="calendar-row">
      <span className="calendar-name" title={promotion.name}>
        <Go to={`/promotions/${promotion.id}`}>{promotion.name}</Go>
      </span>
      <div className="calendar-track" role="img" aria-label={t("calendar.bar", { name: promotion.name, time, count: overlaps.length })} title={time}>
        {weeks.map((week) => (
          <i key={week} className="calendar-line" style={{ left: percent(week, span) }} />
        ))}
        <i className={`calendar-bar ${promotion.state}`} data-before={bar.from === span.from || undefined} data-after={bar.until === span.until || undefined} style={place(bar, span)} />
        {merged(overlaps, span).map(({ from, until, conflict }) => (
          <i key={`${from}-${conflict}`} className={conflict ? "calendar-meet conflict" : "calendar-meet"} style={place({ from, until }, span)} />
        ))}
        {now > span.from && now < span.until && <i className="calendar-now" style={{ left: percent(now, span) }} />}
      </div>
    </div>
  );
}

/** Overlaps on one another are one stripe; those at a conflict lie above the others. */
function merged(overlaps: readonly CalendarOverlap[], span: Span): (Span & { conflict: boolean })[] {
  const stripes: (Span & { conflict: boolean })[] = [];
  for (const conflict of [false, true]) {
    const parts = overlaps.filter((one) => one.conflict === conflict).map((one) => within(one.from, one.until, span));
    let last: (Span & { conflict: boolean }) | null = null;
    for (const part of parts.sort((a, b) => a.from - b.from)) {
      if (last && part.from <= last.until) last.until = Math.max(last.until, part.until);
      else stripes.push((last = { ...part, conflict }));
    }
  }
  return stripes;
}

const percent = (at: number, span: Span) => `${(((at - span.from) / (span.until - span.from)) * 100).toFixed(3)}%`;
const place = (bar: Span, span: Span) => ({ left: percent(bar.from, span), width: percent(span.from + Math.max(0, bar.until - bar.from), span) });
