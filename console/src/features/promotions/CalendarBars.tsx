import { useTranslation } from "react-i18next";
import type { CalendarOverlap, PromotionCalendar } from "@/api/types";
import { Go } from "@/components/Go";
import { nowMs } from "@/lib/clock";
import { DAY_MS, instantText, parseInstant } from "@/lib/time";

export interface Span {
  from: number;
  until: number;
}
export const WEEK_MS = 7 * DAY_MS;

type Planned = PromotionCalendar["promotions"][number];

/** A row a promotion: its time as a bar, on it where it meets others. */
export function Bars({ calendar, span }: { calendar: PromotionCalendar; span: Span }) {
  const weeks = Array.from({ length: Math.round((span.until - span.from) / WEEK_MS) }, (_, at) => span.from + at * WEEK_MS);
  const now = nowMs();
  return (
    <div className="calendar-grid">
      <div className="calendar-head" aria-hidden="true">
        <span />
        <div className="calendar-track">
          {weeks.map((week) => (
            <span key={week} className="calendar-week" style={{ left: percent(week, span) }}>
              {instantText(week).slice(5, 10)}
            </span>
          ))}
        </div>
      </div>
      {calendar.promotions.map((one) => (
        <Row key={one.id} promotion={one} overlaps={calendar.overlaps.filter((overlap) => overlap.promotion_ids.includes(one.id))} span={span} weeks={weeks} now={now} />
      ))}
    </div>
  );
}

function Row({ promotion, overlaps, span, weeks, now }: { promotion: Planned; overlaps: CalendarOverlap[]; span: Span; weeks: number[]; now: number }) {
  const { t } = useTranslation();
  const bar = within(promotion.starts_at, promotion.ends_at, span);
  const time = `${promotion.starts_at ? instantText(parseInstant(promotion.starts_at) ?? 0).slice(0, 16) : t("calendar.open")} – ${promotion.ends_at ? instantText(parseInstant(promotion.ends_at) ?? 0).slice(0, 16) : t("calendar.open")}`;
  return (
    <div className="calendar-row">
      <span className="calendar-name">
        <Go to={`/promotions/${promotion.id}`}>{promotion.name}</Go>
      </span>
      <div className="calendar-track" role="img" aria-label={t("calendar.bar", { name: promotion.name, time, count: overlaps.length })} title={time}>
        {weeks.map((week) => (
          <i key={week} className="calendar-line" style={{ left: percent(week, span) }} />
        ))}
        <i className={`calendar-bar ${promotion.state}`} style={place(bar, span)} />
        {overlaps.map((one) => (
          <i key={one.promotion_ids.join()} className={one.conflict ? "calendar-meet conflict" : "calendar-meet"} style={place(within(one.from, one.until, span), span)} />
        ))}
        {now > span.from && now < span.until && <i className="calendar-now" style={{ left: percent(now, span) }} />}
      </div>
    </div>
  );
}

/** The part of a time that lies in the span; one without start or end reaches its border. */
function within(from: string | null, until: string | null, span: Span): Span {
  const start = parseInstant(from) ?? span.from;
  const end = parseInstant(until) ?? span.until;
  return { from: Math.max(start, span.from), until: Math.min(end, span.until) };
}

const percent = (at: number, span: Span) => `${(((at - span.from) / (span.until - span.from)) * 100).toFixed(3)}%`;
const place = (bar: Span, span: Span) => ({ left: percent(bar.from, span), width: percent(span.from + Math.max(0, bar.until - bar.from), span) });
