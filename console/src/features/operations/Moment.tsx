import { useId } from "react";
import { useTranslation } from "react-i18next";

interface Props {
  labels: string[];
  at: number | null;
  onChange: (at: number) => void;
  /** What stands at a step, in words. */
  say: (at: number) => string[];
}

/** The crosshair of all panels by keyboard and touch; its values are read out. */
export function Moment({ labels, at, onChange, say }: Props) {
  const { t } = useTranslation();
  const id = useId();
  const place = at ?? labels.length - 1;
  const time = labels[place] ?? "";
  return (
    <div className="moment">
      <label htmlFor={id}>{t("metricsPage.moment")}</label>
      <input id={id} type="range" min={0} max={Math.max(0, labels.length - 1)} value={place} aria-valuetext={[time, ...say(place)].join(", ")} onChange={(event) => onChange(Number(event.target.value))} />
      <output htmlFor={id}>{time}</output>
    </div>
  );
}
