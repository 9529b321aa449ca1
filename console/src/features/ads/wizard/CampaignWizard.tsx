import { Button } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ApiError } from "@/api/problem";
import type { CampaignDocument } from "@/api/types";
import { Folded } from "@/components/Folded";
import { Page } from "@/components/Page";
import { Restored } from "@/components/Restored";
import { Steps } from "@/components/Steps";
import { useDocumentForm } from "@/components/useDocumentForm";
import { Failure, Waiting } from "@/components/states";
import { AdReach } from "@/features/ads/AdReach";
import { BudgetForm, DatesForm } from "@/features/ads/BudgetForm";
import { CapsForm } from "@/features/ads/CapsForm";
import { CreativesForm } from "@/features/ads/CreativesForm";
import type { PartProps } from "@/features/ads/Editor";
import { Forecast } from "@/features/ads/Forecast";
import { useMoves } from "@/features/ads/moves";
import { NameField, PlacesForm } from "@/features/ads/PlacesForm";
import { ExpressionJson } from "@/features/ads/targeting/ExpressionJson";
import { DayParting, TargetingForm } from "@/features/ads/targeting/TargetingForm";
import { useGo, useParameter, useSetAddress } from "@/lib/url";
import { forGoal, type Goal, isGoal } from "./goals";
import { GoalStep } from "./GoalStep";
import { GoodsStep } from "./GoodsStep";
import { PlacementPreviews } from "./PlacementPreviews";
import { Review } from "./Review";
import { isStep, type Step, stepOf, STEPS } from "./steps";
import { Suggestion } from "./Suggestion";
import { useWizardStart, type WizardStart } from "./useWizardStart";
import "./wizard.css";

/** A new campaign, step by step. What is written is kept in this browser until the server has it. */
export function CampaignWizard() {
  const { t } = useTranslation();
  const { start, error, retry } = useWizardStart();
  // The start is taken once: what the lists say later must not change what is being written.
  const [taken, setTaken] = useState<WizardStart | null>(null);
  if (start && !taken) setTaken(start);
  if (taken) return <Wizard start={taken} />;
  return (
    <Page title={t("ads.create")} back={{ to: "/ads", label: t("stages.ads") }}>
      {error ? <Failure error={error} retry={retry} /> : <Waiting />}
    </Page>
  );
}

function Wizard({ start }: { start: WizardStart }) {
  const { t } = useTranslation();
  const [named, setStep] = useParameter("step", "goal");
  const [goal] = useParameter("goal", "");
  const setAddress = useSetAddress();
  const [pattern, setPattern] = useState(start.pattern);
  const step = isStep(named) ? named : "goal";
  const form = useDocumentForm({ kind: "campaigns", start: start.document, base: "/ads", sent: (value) => ({ ...value, name: value.name.trim() || ownName(t, value, goal) }) });
  const { now } = useMoves();
  const leave = useGo();
  const { problem, busy } = form;
  const parts: PartProps = { value: form.value, onChange: form.change, problem };
  const pick = (next: Goal) => {
    form.change(forGoal(next, form.value));
    // At once: of two changes of the address on end, the second may not know the first.
    setAddress({ goal: next, step: "goods" });
  };
  const publish = async () => {
    const saved = await form.submit();
    if (saved) await now(saved, "publish");
  };
  const at = STEPS.indexOf(step);
  const wrong = wrongSteps(problem);
  return (
    <Page
      title={t("ads.create")}
      back={{ to: "/ads", label: t("stages.ads") }}
      action={
        <>
          <Button type="text" onClick={() => leave("/ads/form")}>
            {t("wizard.wholeForm")}
          </Button>
          <Button loading={busy} onClick={form.save}>
            {t("act.saveDraft")}
          </Button>
        </>
      }
    >
      <Steps label={t("wizard.steps.title")} steps={STEPS.map((id) => ({ id, label: t(`wizard.steps.${id}`) }))} current={step} wrong={wrong} onGo={setStep} />
      {form.restored && <Restored onDrop={form.drop} />}
      {problem && <Failure error={problem} />}
      <div className="two">
        <section className="card form" aria-label={t(`wizard.steps.${step}`)}>
          <h2>{t(`wizard.titles.${step}`)}</h2>
          {formOf(step, parts, { goal, pick, pattern, setPattern, go: setStep }, t)}
          <div className="row between wizard-moves">
            <span>{at > 0 && <Button onClick={() => setStep(STEPS[at - 1] ?? "goal")}>{t("act.back")}</Button>}</span>
            {step === "review" ? (
              <Button type="primary" loading={busy} onClick={() => void publish()}>
                {t("promotion.saveAndPublish")}
              </Button>
            ) : (
              <Button type="primary" onClick={() => setStep(STEPS[at + 1] ?? "review")}>
                {t("act.next")}
              </Button>
            )}
          </div>
        </section>
        <div className="stack beside">
          <AdReach targeting={form.value.targeting} placements={form.value.placements} />
          {step === "audience" && <ExpressionJson value={form.value.targeting.expression} />}
          {step !== "goal" && <Forecast value={form.value} />}
          {(step === "creatives" || step === "review") && <PlacementPreviews value={form.value} />}
        </div>
      </div>
    </Page>
  );
}

const wrongSteps = (problem: ApiError | null): ReadonlySet<string> => new Set(problem?.fields.map((field) => stepOf(field.path)));

interface Choices {
  goal: string;
  pick: (goal: Goal) => void;
  pattern: string;
  setPattern: (pattern: string) => void;
  go: (step: Step) => void;
}

type Translate = (key: string, vars?: Record<string, unknown>) => string;

function formOf(step: Step, parts: PartProps, choices: Choices, t: Translate): ReactNode {
  const { value, onChange, problem } = parts;
  const targeting = { value: value.targeting, problem, onChange: (next: CampaignDocument["targeting"]) => onChange({ ...value, targeting: next }) };
  const forms: Record<Step, () => ReactNode> = {
    goal: () => <GoalStep goal={choices.goal} onPick={choices.pick} />,
    goods: () => <GoodsStep {...parts} pattern={choices.pattern} onPattern={choices.setPattern} />,
    audience: () => (
      <>
        <TargetingForm {...targeting} />
        <Folded label={t("caps.title")} open={Boolean(problem?.fields.some((one) => one.path.includes("caps")))}>
          <CapsForm {...parts} />
        </Folded>
      </>
    ),
    budget: () => (
      <>
        <PlacesForm {...parts} />
        <BudgetForm {...parts} />
        <Suggestion value={value} onBid={(bid_minor) => onChange({ ...value, bid_minor })} />
        <Folded label={t("ads.when")} open={Boolean(value.starts_at || value.ends_at || value.hours?.length)}>
          <DatesForm {...parts} />
          <DayParting {...parts} />
        </Folded>
      </>
    ),
    creatives: () => <CreativesForm {...parts} />,
    review: () => (
      <>
        <NameField {...parts} placeholder={ownName(t, value, choices.goal)} />
        <Review value={value} onGo={choices.go} />
      </>
    ),
  };
  return forms[step]();
}

/** What a campaign is called where nobody named it: what it shows, and what for. */
function ownName(t: Translate, value: CampaignDocument, goal: string): string {
  const [first] = value.creatives;
  return `${first?.title || t("ads.untitled")} · ${t(`wizard.goals.${isGoal(goal) ? goal : "manual"}.name`)}`.slice(0, 200);
}
