import { Button } from "antd";
import { useTranslation } from "react-i18next";
import type { Condition } from "@/api/types";
import { Field } from "@/components/Field";
import { InstantInput } from "@/components/inputs";
import { WindowInput } from "@/components/WindowInput";
import { useZoneHelp } from "@/components/zone-help";
import type { PartProps } from "./Editor";

type Window = NonNullable<Condition["windows"]>[number];

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
        <Field key={at} label={t("promotion.fields.window", { number: at + 1 })} help={t("promotion.help.window")} error={problem?.field(`condition.windows[${at}]`)}>
          {() => <WindowInput number={at + 1} value={window} onChange={(next: Window) => put(windows.map((old, index) => (index === at ? next : old)))} onRemove={() => put(windows.filter((_, index) => index !== at))} />}
        </Field>
      ))}
      <Button size="small" type="dashed" className="start" onClick={() => put([...windows, { from_time: "20:00", until_time: "22:00" }])}>
        {t("promotion.slots.addWindow")}
      </Button>
    </>
  );
}
