import { useTranslation } from "react-i18next";
import type { PipelineState } from "@/api/types";
import { Share } from "@/components/Share";
import { count, percent } from "@/lib/numbers";
import { instantText, parseInstant } from "@/lib/time";
import { lastingWords } from "./health";

type State = PipelineState["backfill"];
type Swapped = NonNullable<State["last"]>;

/** Below this part nothing can be said yet about how long the rest takes. */
const FORETOLD_FROM = 0.02;

/** History that is processed again beside the live tables: how far, why, and when the last took their place. */
export function Backfill({ state, now }: { state: State; now: string }) {
  const { t } = useTranslation();
  const share = state.of_offset ? state.offset / state.of_offset : 1;
  const title = { none: t(state.last ? "backfill.idle" : "backfill.never"), filling: t("backfill.filling", { share: percent(Math.floor(share * 100) / 100) }), swapping: t("backfill.swapping"), dropping: t("backfill.dropping") }[state.phase];
  return (
    <section className="card stack backfill" aria-label={t("backfill.name")}>
      <h2>{title}</h2>
      {state.phase !== "none" && (
        <>
          <Share words={t("backfill.done", { done: count(state.offset), all: count(state.of_offset) })} share={share} />
          <p className="note">
            {t(`backfill.because.${state.cause || "unknown"}`)} {t("backfill.begun", { at: instant(state.begun_at) })} {state.phase === "filling" && <Left begunAt={state.begun_at} now={now} share={share} />} {state.phase !== "dropping" && t("backfill.meanwhile")}
          </p>
        </>
      )}
      {state.last && (state.phase === "none" ? <Last last={state.last} /> : <p className="note">{t("backfill.before", { at: instant(state.last.swapped_at), time: tookWords(t, state.last) })}</p>)}
      {state.phase === "none" && !state.last && <p className="note">{t("backfill.when")}</p>}
    </section>
  );
}

const instant = (at: string) => instantText(parseInstant(at) ?? 0);

/** Told from the pace so far. */
function Left({ begunAt, now, share }: { begunAt: string; now: string; share: number }) {
  const { t } = useTranslation();
  const spentMs = (parseInstant(now) ?? 0) - (parseInstant(begunAt) ?? 0);
  if (share < FORETOLD_FROM || spentMs <= 0) return null;
  return <>{t("backfill.left", { time: lastingWords(t, 1000 * Math.ceil((spentMs * (1 - share)) / share / 1000)) })}</>;
}

const tookWords = (t: Parameters<typeof lastingWords>[0], last: Swapped) => lastingWords(t, (parseInstant(last.swapped_at) ?? 0) - (parseInstant(last.begun_at) ?? 0));

function Last({ last }: { last: Swapped }) {
  const { t } = useTranslation();
  const facts = {
    swapped: instant(last.swapped_at),
    cause: t(`backfill.causes.${last.cause || "unknown"}`),
    events: count(last.events),
    took: tookWords(t, last),
  };
  return (
    <dl className="facts">
      {Object.entries(facts).map(([name, value]) => (
        <div key={name}>
          <dt>{t(`backfill.last.${name}`)}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
