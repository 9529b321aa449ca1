import { Button, Checkbox, Input } from "antd";
import { useTranslation } from "react-i18next";
import type { FlashSaleDocument } from "@/api/types";
import { InstantInput } from "@/components/inputs";
import { nowMs } from "@/lib/clock";
import { DAY_MS, dayOf, parseInstant, rfc3339 } from "@/lib/time";
import type { SalePart } from "./ItemsForm";

type Daily = NonNullable<FlashSaleDocument["daily"]>;
type Session = FlashSaleDocument["sessions"][number];

/** When it sells: sessions by their date, the same hours every day, or both. */
export function TimesForm(props: SalePart) {
  const { t } = useTranslation();
  const { value, onChange, problem, fixed } = props;
  const { daily } = value;
  const today = dayOf(nowMs());
  const begin: Daily = { first_day: today, last_day: dayOf(nowMs() + 2 * DAY_MS), hours: [{ starts: "10:00", ends: "12:00" }] };
  const wrong = problem?.field("sessions");
  return (
    <section className="card stack">
      <h2>{t("flash.times")}</h2>
      {value.sessions.map((session, at) => (
        <SessionRow key={at} {...props} session={session} at={at} />
      ))}
      {wrong && (
        <p className="wrong-note" role="alert">
          {wrong}
        </p>
      )}
      {!fixed && (
        <div className="row">
          <Button onClick={() => onChange({ ...value, sessions: [...value.sessions, following(value.sessions)] })}>{t("flash.slots.addSession")}</Button>
          {!daily && <Button onClick={() => onChange({ ...value, daily: begin })}>{t("flash.slots.addDaily")}</Button>}
        </div>
      )}
      {daily && <DailyRows {...props} daily={daily} />}
      <p className="note">{t("flash.help.times")}</p>
    </section>
  );
}

/** A session a day after the last one. */
function following(sessions: Session[]): Session {
  const last = sessions.at(-1);
  const later = (moment: string) => rfc3339((parseInstant(moment) ?? nowMs()) + DAY_MS);
  return last ? { starts_at: later(last.starts_at), ends_at: later(last.ends_at) } : { starts_at: rfc3339(nowMs() + DAY_MS), ends_at: rfc3339(nowMs() + DAY_MS + 7_200_000) };
}

function SessionRow({ value, onChange, problem, fixed, session, at }: SalePart & { session: Session; at: number }) {
  const { t } = useTranslation();
  const number = at + 1;
  const put = (change: Partial<Session>) => onChange({ ...value, sessions: value.sessions.map((one, place) => (place === at ? { ...one, ...change } : one)) });
  const errors = [problem?.field(`sessions[${at}]`), problem?.field(`sessions[${at}].starts_at`), problem?.field(`sessions[${at}].ends_at`)].filter(Boolean);
  return (
    <div className="times">
      <InstantInput label={t("flash.slots.starts", { number })} disabled={fixed} value={session.starts_at} onChange={(instant) => put({ starts_at: instant ?? "" })} />
      <span aria-hidden="true">–</span>
      <InstantInput label={t("flash.slots.ends", { number })} disabled={fixed} value={session.ends_at} onChange={(instant) => put({ ends_at: instant ?? "" })} />
      {!fixed && (
        <Button type="text" aria-label={t("flash.slots.removeSession", { number })} onClick={() => onChange({ ...value, sessions: value.sessions.filter((_, place) => place !== at) })}>
          ✕
        </Button>
      )}
      {errors.map((error) => (
        <span key={error} className="wrong-note" role="alert">
          {error}
        </span>
      ))}
    </div>
  );
}

function DailyRows({ value, onChange, problem, fixed, daily }: SalePart & { daily: Daily }) {
  const { t } = useTranslation();
  const put = (change: Partial<Daily>) => onChange({ ...value, daily: { ...daily, ...change } });
  const hour = (at: number, change: object) => put({ hours: daily.hours.map((one, place) => (place === at ? { ...one, ...change } : one)) });
  const errors = (problem?.fields ?? []).filter((field) => field.path.replace(/^document\./, "").startsWith("daily"));
  const days = daily.weekdays ?? [];
  const toggle = (day: number) => put({ weekdays: days.includes(day) ? days.filter((one) => one !== day) : [...days, day].sort() });
  return (
    <fieldset className="stack daily">
      <legend>{t("flash.daily")}</legend>
      <div className="times">
        {(["first_day", "last_day"] as const).map((name) => (
          <label key={name}>
            {t(`flash.fields.${name}`)}
            <Input type="date" style={{ width: 160 }} disabled={fixed} value={daily[name]} onChange={(event) => put({ [name]: event.target.value })} />
          </label>
        ))}
      </div>
      {daily.hours.map((hours, at) => (
        <div key={at} className="times">
          <Input type="time" style={{ width: 120 }} aria-label={t("flash.slots.hourFrom", { number: at + 1 })} disabled={fixed} value={hours.starts} onChange={(event) => hour(at, { starts: event.target.value })} />
          <span aria-hidden="true">–</span>
          <Input style={{ width: 90 }} aria-label={t("flash.slots.hourTo", { number: at + 1 })} disabled={fixed} value={hours.ends} onChange={(event) => hour(at, { ends: event.target.value })} />
          {!fixed && daily.hours.length > 1 && (
            <Button type="text" aria-label={t("flash.slots.removeHour", { number: at + 1 })} onClick={() => put({ hours: daily.hours.filter((_, place) => place !== at) })}>
              ✕
            </Button>
          )}
        </div>
      ))}
      <div className="row">
        {[1, 2, 3, 4, 5, 6, 7].map((day) => (
          <Checkbox key={day} disabled={fixed} checked={days.includes(day)} onChange={() => toggle(day)}>
            {t(`week.days.${day}`)}
          </Checkbox>
        ))}
      </div>
      {errors.map((field) => (
        <span key={field.path} className="wrong-note" role="alert">
          {field.detail}
        </span>
      ))}
      {!fixed && (
        <div className="row">
          <Button onClick={() => put({ hours: [...daily.hours, { starts: "20:00", ends: "22:00" }] })}>{t("flash.slots.addHour")}</Button>
          <Button type="text" onClick={() => onChange({ ...value, daily: null })}>
            {t("flash.slots.removeDaily")}
          </Button>
        </div>
      )}
    </fieldset>
  );
}
