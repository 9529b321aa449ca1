import { useTranslation } from "react-i18next";
import { Field } from "@/components/Field";
import { Choice } from "@/components/Choice";
import { prefer, usePreferences } from "@/lib/preferences";

/** Language, theme, and which colour means up; kept in this browser. */
export function Taste() {
  const { t } = useTranslation();
  const taste = usePreferences();
  return (
    <section className="card form">
      <Field label={t("settings.language")}>
        {(id) => <Choice id={id} value={taste.language} onChange={(language) => prefer({ language })} options={[{ value: "zh", label: t("settings.languages.zh") }, { value: "en", label: t("settings.languages.en") }]} />}
      </Field>
      <Field label={t("settings.mode")}>
        {(id) => <Choice id={id} value={taste.mode} onChange={(mode) => prefer({ mode })} options={(["light", "dark"] as const).map((value) => ({ value, label: t(`settings.modes.${value}`) }))} />}
      </Field>
      <Field label={t("settings.rise")} help={t("settings.riseHelp")}>
        {(id, describedBy) => <Choice id={id} describedBy={describedBy} value={taste.rise} onChange={(rise) => prefer({ rise })} options={(["language", "red", "green"] as const).map((value) => ({ value, label: t(`frame.rise.${value}`) }))} />}
      </Field>
    </section>
  );
}
