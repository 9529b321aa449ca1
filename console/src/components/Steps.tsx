import { useTranslation } from "react-i18next";

interface Props {
  label: string;
  steps: { id: string; label: string }[];
  current: string;
  /** Steps that hold something the server refused. */
  wrong: ReadonlySet<string>;
  onGo: (id: string) => void;
}

/** The steps of a wizard, each a way to its part: back to what was said, on to what is to come. */
export function Steps({ label, steps, current, wrong, onGo }: Props) {
  const { t } = useTranslation();
  return (
    <nav className="steps" aria-label={label}>
      {steps.map((step, at) => (
        <button key={step.id} type="button" aria-current={current === step.id ? "step" : undefined} data-wrong={wrong.has(step.id) || undefined} onClick={() => onGo(step.id)}>
          {at + 1} {step.label}
          {wrong.has(step.id) && <span className="sr">{t("form.wrongStep")}</span>}
        </button>
      ))}
    </nav>
  );
}
