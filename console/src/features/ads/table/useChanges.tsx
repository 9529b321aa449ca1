import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Told, writeCampaigns } from "@/api/campaigns-bulk";
import { asApiError } from "@/api/problem";
import { problemTitle } from "@/components/states";
import { tell } from "@/lib/notes";
import { type Campaign, type Done, type Edit, edited, reverting, writing } from "./changes";

const UNDO_MS = 10_000;
const TOLD_MAX = 3;
/** So many are written in one call, so that a large change shows how far it is and can be stopped. */
const AT_ONCE = 50;

export interface Progress {
  done: number;
  of: number;
}

interface Wanted {
  item: Campaign;
  edit: Edit;
}

interface Outcome {
  changed: Done[];
  /** Each with its name and what the server said. */
  refused: string[];
}

/** Change campaigns together: how far it is, what was refused, ten seconds to take all of it back. */
export function useChanges() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [progress, setProgress] = useState<Progress | null>(null);
  const stopped = useRef(false);
  const words = (told: Told): string => told.errors?.[0]?.detail || told.detail || told.title || t("bulk.refused");
  const write = async (wanted: Wanted[], reason: string): Promise<Outcome> => {
    const outcome: Outcome = { changed: [], refused: [] };
    stopped.current = false;
    for (let at = 0; at < wanted.length && !stopped.current; at += AT_ONCE) {
      setProgress({ done: at, of: wanted.length });
      const part = wanted.slice(at, at + AT_ONCE);
      const answers = await writeCampaigns(part.map(({ item, edit }) => writing(item, edit)), reason).catch((error: unknown) => asApiError(error));
      part.forEach(({ item, edit }, place) => {
        const told = Array.isArray(answers) ? answers[place] : undefined;
        if (told?.done) outcome.changed.push({ before: item, after: edited(item, edit, told) });
        else outcome.refused.push(`${item.document.name}: ${told ? words(told) : Array.isArray(answers) ? t("bulk.refused") : answers.detail || problemTitle(answers, t)}`);
      });
    }
    setProgress(null);
    await queries.invalidateQueries({ queryKey: ["campaigns"] });
    return outcome;
  };
  const report = (title: string, { changed, refused }: Outcome, undoable: boolean) => {
    const more = refused.length - TOLD_MAX;
    const detail = [...refused.slice(0, TOLD_MAX), ...(more > 0 ? [t("bulk.more", { count: more })] : [])].join(" · ");
    tell({ key: "bulk", kind: refused.length ? "failed" : "done", title, detail: detail || undefined, lastsMs: UNDO_MS, ...(undoable && changed.length ? { act: { label: t("act.undo"), run: () => void undo(changed) } } : {}) });
  };
  const undo = async (changed: Done[]) => {
    const outcome = await write(changed.map(reverting), t("bulk.undone"));
    report(t("bulk.undoneMany", { count: outcome.changed.length }), outcome, false);
  };
  /** `editOf` says what becomes of each; null leaves it alone. */
  const change = async (items: Campaign[], editOf: (item: Campaign) => Edit | null, reason: string, title: (changed: Done[]) => string): Promise<void> => {
    const wanted = items.map((item) => ({ item, edit: editOf(item) })).filter((one): one is Wanted => one.edit !== null);
    const outcome = await write(wanted, reason);
    report(title(outcome.changed), outcome, true);
  };
  return { change, progress, stop: () => (stopped.current = true) };
}
