import { useTranslation } from "react-i18next";

/** A document's or process's state: word and shape, colour beside them. */
export function StateTag({ state }: { state: string }) {
  const { t } = useTranslation();
  const tone = TONES[state] ?? "plain";
  return (
    <span className={`tag ${tone}`}>
      <i aria-hidden="true" />
      {t(`states.${state}`, { defaultValue: state })}
    </span>
  );
}

const TONES: Record<string, string> = {
  live: "good",
  inUse: "good",
  running: "good",
  ready: "good",
  delivered: "good",
  won: "good",
  issued: "good",
  done: "good",
  redeemed: "good",
  locked: "warn",
  queued: "warn",
  void: "bad",
  paused: "warn",
  pending: "warn",
  retrying: "warn",
  starting: "warn",
  failed: "bad",
  stopped: "bad",
  gone: "bad",
  filtered: "bad",
};
