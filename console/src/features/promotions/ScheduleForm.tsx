import { Button, Checkbox } from "antd";
import { useTranslation } from "react-i18next";
import type { Condition } from "@/api/types";
import { Field } from "@/components/Field";
import { InstantInput } from "@/components/inputs";
import { useZoneHelp } from "@/components/zone-help";
import type { PartProps } from "./Editor";

type Window = NonNullable<Condition["windows"]>[number];
const DAYS = [1, 2, 3, 4, 5, 6, 7];

/** When: from and until, and the hours of the days inside. */
export function ScheduleForm({ value, onChange, problem }: PartProps) {
  const { t } = useTranslation();
  const zone = useZoneHelp();
  const { condition } = value;
  const windows = condition.windows ?? [];
  const put = (next: Window[]) => onChange({ ...value, condition: { ...condition, windows: next } });
  return (
    <>
      <Field label={t("promotion.fields.starts_at")} help={zone} error={problem?.field("starts_at")}>
        {(id, describedBy) => <InstantInput id={id} describedBy={describedBy} value={value.starts_at} onChange={(instant) => onChange({ ...value, starts_at: instant })} />}
      </Field>
      <Field label={t("promotion.fields.ends_at")} error={problem?.field("ends_at")}>
        {(id, describedBy) => <InstantInput id={id} describedBy={describedBy} value={value.ends_at} onChange={(instant) => onChange({ ...value, ends_at: instant })} />}
      </Field>
      {windows.map((window, at) => (
        <WindowRow key={at} number={at + 1} window={window} error={problem?.field(`condition.windows[${at}]`)} onChange={(next) => put(windows.map((old, index) => (index === at ? next : old)))} onRemove={() => put(windows.filter((_, index) => index !== at))} />
      ))}
      <Button size="small" type="dashed" className="start" onClick={() => put([...windows, { from_time: "20:00", until_time: "22:00" }])}>
        {t("promotion.slots.addWindow")}
      </Button>
    </>
  );
}

function WindowRow({ number, window, error, onChange, onRemove }: { number: number; window: Window; error: string | undefined; onChange: (window: Window) => void; onRemove: () => void }) {
  const { t } = useTranslation();
  const days = window.weekdays ?? [];
  const toggle = (day: number) => onChange({ ...window, weekdays: days.includes(day) ? days.filter((one) => one !== day) : [...days, day].sort() });
  const time = (name: "from_time" | "until_time", fallback: string) => <input type="time" className="choice" aria-label={t(`promotion.slots.${name}`, { number })} value={(window[name] ?? fallback).replace("24:00", "00:00")} onChange={(event) => onChange({ ...window, [name]: name === "until_time" && event.target.value === "00:00" ? "24:00" : event.target.value })} />;
  return (
    <Field label={t("promotion.fields.window", { number })} help={t("promotion.help.window")} error={error}>
      {() => (
        <div className="window-row">
          <span className="row">
            {DAYS.map((day) => (
              <Checkbox key={day} checked={days.includes(day)} onChange={() => toggle(day)}>
                {t(`promotion.days.${day}`)}
              </Checkbox>
            ))}
          </span>
          <span className="row">
            {time("from_time", "00:00")} – {time("until_time", "24:00")}
            <button type="button" className="icon" aria-label={t("promotion.slots.removeWindow", { number })} onClick={onRemove}>
              ✕
            </button>
          </span>
        </div>
      )}
    </Field>
  );
}
