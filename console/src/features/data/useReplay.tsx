import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { replayBadRows } from "@/api/bad-rows-replay";
import { Failure } from "@/components/states";
import { count } from "@/lib/numbers";

/** So many rows are asked at once: the bar moves, and stopping takes effect soon. */
const AT_ONCE = 50;

interface State {
  total: number;
  done: number;
  taken: number;
  /** How many were refused again, by reason. */
  refused: Map<string, number>;
  running: boolean;
  stopped: boolean;
  error: unknown;
}

const IDLE: State = { total: 0, done: 0, taken: 0, refused: new Map(), running: false, stopped: false, error: null };

/** Rows tried again, some at a time, until done or stopped. What was taken stays taken. */
export function useReplay() {
  const [state, setState] = useState(IDLE);
  const stop = useRef(false);
  const queries = useQueryClient();
  const run = async (ids: string[]) => {
    stop.current = false;
    let now: State = { ...IDLE, total: ids.length, running: true };
    setState(now);
    try {
      for (let at = 0; at < ids.length && !stop.current; at += AT_ONCE) {
        const some = ids.slice(at, at + AT_ONCE);
        now = grown(now, some.length, await replayBadRows(some));
        setState(now);
      }
    } catch (error) {
      now = { ...now, error };
    }
    setState({ ...now, running: false, stopped: stop.current });
    await queries.invalidateQueries({ queryKey: ["bad-rows"] });
  };
  return { ...state, run, cancel: () => (stop.current = true) };
}

function grown(state: State, asked: number, answer: { replayed: number; refused: { reason: string }[] }): State {
  const refused = new Map(state.refused);
  for (const { reason } of answer.refused) refused.set(reason, (refused.get(reason) ?? 0) + 1);
  return { ...state, done: state.done + asked, taken: state.taken + answer.replayed, refused };
}

/** The bar while it runs, and what came of it. */
export function Outcome({ replay }: { replay: State }) {
  const { t } = useTranslation();
  if (replay.total === 0) return null;
  const share = replay.done / replay.total;
  const again = [...replay.refused.values()].reduce((sum, one) => sum + one, 0);
  return (
    <div className="stack" role="status">
      <span className="bar" role="progressbar" aria-label={t("badRows.progress")} aria-valuenow={replay.done} aria-valuemin={0} aria-valuemax={replay.total}>
        <i style={{ width: `${share * 100}%` }} />
      </span>
      <p>
        {t(replay.running ? "badRows.running" : replay.stopped ? "badRows.stopped" : "badRows.finished", { done: count(replay.done), total: count(replay.total) })} {t("badRows.result", { replayed: replay.taken, refused: again })}
      </p>
      {[...replay.refused].map(([reason, times]) => (
        <p key={reason} className="note">
          {t("badRows.refusedAgain", { reason, count: times })}
        </p>
      ))}
      {replay.error !== null && <Failure error={replay.error} />}
    </div>
  );
}
