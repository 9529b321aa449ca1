import { Checkbox } from "antd";
import { useTranslation } from "react-i18next";

export interface TimeWindow {
  weekdays?: number[];
  from_time?: string;
  until_time?: string;
}

interface Props<W extends TimeWindow> {
  /** Which one of several, for its labels. */
  number: number;
  value: W;
  onChange: (window: W) => void;
  onRemove?: (() => void) | undefined;
}

const DAYS = [1, 2, 3, 4, 5, 6, 7];

/** Days of the week, and from when until when on them. */
export function WindowInput<W extends TimeWindow>({ number, value, onChange, onRemove }: Props<W>) {
  const { t } = useTranslation();
  const days = value.weekdays ?? [];
  const toggle = (day: number) => onChange({ ...value, weekdays: days.includes(day) ? days.filter((one) => one !== day) : [...days, day].sort() });
  const time = (name: "from_time" | "until_time", fallback: string) => <input type="time" className="choice" aria-label={t(`week.${name}`, { number })} value={(value[name] ?? fallback).replace("24:00", "00:00")} onChange={(event) => onChange({ ...value, [name]: name === "until_time" && event.target.value === "00:00" ? "24:00" : event.target.value })} />;
  return (
    <div className="window-row">
      <span className="row">
        {DAYS.map((day) => (
          <Checkbox key={day} checked={days.includes(day)} onChange={() => toggle(day)}>
            {t(`week.days.${day}`)}
          </Checkbox>
        ))}
      </span>
      <span className="row">
        {time("from_time", "00:00")} – {time("until_time", "24:00")}
        {onRemove && (
          <button type="button" className="icon" aria-label={t("week.remove", { number })} onClick={onRemove}>
            ✕
          </button>
        )}
      </span>
    </div>
  );
}
