import { useTranslation } from "react-i18next";
import { useMayWrite } from "@/api/session-hook";

/** Says on a form, to people who may only look, that nothing can be saved. */
export function ReadOnly() {
  const { t } = useTranslation();
  return useMayWrite() ? null : <p className="notice warn">{t("form.readOnly")}</p>;
}
