import { Button } from "antd";
import { useTranslation } from "react-i18next";
import type { ApiError } from "@/api/problem";
import { Steps } from "@/components/Steps";
import { useParameter } from "@/lib/url";

export const STEPS = ["type", "goods", "rule", "limits", "audience", "schedule", "preview"] as const;
export type Step = (typeof STEPS)[number];

/** Which step each part of the document is written on. */
const PLACES: [RegExp, Step][] = [
  [/^(benefit|mechanic|name)/, "rule"],
  [/^(scope|condition\.(subtotal|quantity|goods|kinds))/, "goods"],
  [/^(limits|funding|layer|group|priority|exclusive|excludes|combines_with|holdback)/, "limits"],
  [/^(starts_at|ends_at|condition\.(windows|timezone))/, "schedule"],
  [/^(condition|code_batch)/, "audience"],
];

/** The steps of the wizard: on a desk they scroll to their part, on a phone each is a screen. */
export function Stepper({ problem }: { problem: ApiError | null }) {
  const { t } = useTranslation();
  const [step, setStep] = useParameter("step", "type");
  const wrong = new Set<string>(problem?.fields.map((field) => stepOf(field.path)));
  const at = STEPS.indexOf(step as Step);
  return (
    <>
      <Steps label={t("promotion.steps.title")} steps={STEPS.map((id) => ({ id, label: t(`promotion.steps.${id}`) }))} current={step} wrong={wrong} onGo={(name) => goTo(name, setStep)} />
      <div className="row phone-steps">
        {at > 0 && <Button onClick={() => setStep(STEPS[at - 1] ?? "type")}>{t("act.back")}</Button>}
        {at < STEPS.length - 1 && <Button onClick={() => setStep(STEPS[at + 1] ?? "type")}>{t("act.next")}</Button>}
      </div>
    </>
  );
}

function stepOf(path: string): Step {
  const name = path.replace(/^document\./, "");
  return PLACES.find(([pattern]) => pattern.test(name))?.[1] ?? "rule";
}

function goTo(name: string, setStep: (name: string) => void) {
  setStep(name);
  document.getElementById(`step-${name}`)?.scrollIntoView({ block: "nearest" });
}
