import { useTranslation } from "react-i18next";
import { usePreferences } from "@/lib/preferences";
import { zoneWords } from "@/lib/time";

/** Beside a time that is filled in: by whose clock it is. */
export function useZoneHelp(): string {
  const { t } = useTranslation();
  const { language } = usePreferences();
  return t("form.zone", { zone: zoneWords(language) });
}
