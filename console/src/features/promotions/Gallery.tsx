import { useTranslation } from "react-i18next";
import type { PromotionDocument } from "@/api/types";
import { newPromotion, type Template, TEMPLATES } from "./document";
import "./promotions.css";

/** Templates to start from, each with a picture of how the price falls. */
export function Gallery({ value, onPick }: { value: PromotionDocument; onPick: (template: Template) => void }) {
  const { t } = useTranslation();
  return (
    <div className="cards">
      {TEMPLATES.map((template) => (
        <button key={template} type="button" className="pick-card" aria-pressed={matches(template, value)} onClick={() => onPick(template)}>
          <Picture template={template} />
          <strong>{t(`promotion.templates.${template}.name`)}</strong>
          <span className="note">{t(`promotion.templates.${template}.example`)}</span>
        </button>
      ))}
    </div>
  );
}

function matches(template: Template, value: PromotionDocument): boolean {
  const wanted = newPromotion(template, "CNY", "").benefit;
  const has = value.benefit;
  if (wanted.type !== has.type) return false;
  return wanted.type !== "threshold" || has.type !== "threshold" || wanted.repeat === has.repeat;
}

/** Paid amount over cart value: how each rule bends the line. */
const CURVES: Record<Template, string> = {
  threshold: "M4 40 L52 22 L52 30 L116 6",
  everyThreshold: "M4 40 L36 28 L36 33 L70 20 L70 25 L116 8",
  percent: "M4 40 L116 14",
  fixed: "M4 40 L20 40 L116 8",
};

function Picture({ template }: { template: Template }) {
  return (
    <svg className="template-picture" viewBox="0 0 120 44" aria-hidden="true">
      <path d="M4 40 L116 0" fill="none" stroke="var(--q-line-strong)" strokeDasharray="3 3" />
      <path d={CURVES[template]} fill="none" stroke="currentColor" strokeWidth="2" />
    </svg>
  );
}
