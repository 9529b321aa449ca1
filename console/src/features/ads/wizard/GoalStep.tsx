import { useTranslation } from "react-i18next";
import type { Goal } from "./goals";
import { GOALS } from "./goals";
import { GoalPicture } from "./GoalPicture";

/** What it is for: one click, and the rest is set for it. */
export function GoalStep({ goal, onPick }: { goal: string; onPick: (goal: Goal) => void }) {
  const { t } = useTranslation();
  return (
    <>
      <div className="cards">
        {GOALS.map((one) => (
          <button key={one} type="button" className="pick-card" aria-pressed={one === goal} onClick={() => onPick(one)}>
            <GoalPicture goal={one} />
            <strong>{t(`wizard.goals.${one}.name`)}</strong>
            <span className="note">{t(`wizard.goals.${one}.note`)}</span>
          </button>
        ))}
      </div>
      <p className="note">{t("wizard.goalHelp")}</p>
    </>
  );
}
