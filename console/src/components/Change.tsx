import { useTranslation } from "react-i18next";
import { change } from "@/lib/numbers";
import { riseColour, usePreferences } from "@/lib/preferences";

interface Props {
  now: number | null;
  before: number | null;
}

const ARROWS = { up: "▲", down: "▼", flat: "＝", none: "" } as const;

/** Rise or fall with arrow, sign and colour by the reader's habit. */
export function Change({ now, before }: Props) {
  const { t } = useTranslation();
  const rise = riseColour(usePreferences());
  const { direction, text } = change(now, before);
  if (direction === "none") return <span className="change none" title={t("figures.nothingToCompare")}>{text}</span>;
  const colour = direction === "flat" ? "none" : (direction === "up") === (rise === "red") ? "red" : "green";
  return (
    <span className={`change ${colour}`}>
      <span aria-hidden="true">{ARROWS[direction]}</span> {text}
    </span>
  );
}
