import { useTranslation } from "react-i18next";
import type { PromotionDocument } from "@/api/types";
import { Go } from "@/components/Go";
import { nowMs } from "@/lib/clock";
import { Picture } from "./Picture";
import { fromTemplate, type Template, TEMPLATE_NAMES, templateOf } from "./templates";
import "./promotions.css";

interface Props {
  value: PromotionDocument;
  onPick: (value: PromotionDocument) => void;
}

/** Templates to start from, each with a picture of what is paid. */
export function Gallery({ value, onPick }: Props) {
  const { t } = useTranslation();
  const chosen = templateOf(value);
  const pick = (template: Template) => template !== chosen && onPick(fromTemplate(template, value, nowMs()));
  return (
    <>
      <div className="cards templates">
        {TEMPLATE_NAMES.map((template) => (
          <button key={template} type="button" className="pick-card" aria-pressed={template === chosen} onClick={() => pick(template)}>
            <Picture template={template} />
            <strong>{t(`promotion.templates.${template}.name`)}</strong>
            <span className="note">{t(`promotion.templates.${template}.example`)}</span>
          </button>
        ))}
      </div>
      <p className="note">
        {t("promotion.templates.others")} <Go to="/promotions/batches/new">{t("batches.create")}</Go> · {t("flash.instead")} <Go to="/promotions/flash-sales/new">{t("flash.create")}</Go>
      </p>
    </>
  );
}
