import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { asApiError } from "@/api/problem";
import { problemTitle } from "@/components/states";
import { tell } from "@/lib/notes";
import { apply, type Campaign, type Done, type Edit, revert } from "./changes";

const UNDO_MS = 10_000;
const TOLD_MAX = 3;

export interface Progress {
  done: number;
  of: number;
}

/** Change campaigns one after the other: how far it is, what was refused, ten seconds to take all of it back. */
export function useChanges() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [progress, setProgress] = useState<Progress | null>(null);
  const stopped = useRef(false);
  const each = async <T,>(items: T[], run: (item: T) => Promise<void>): Promise<void> => {
    stopped.current = false;
    for (const [at, item] of items.entries()) {
      if (stopped.current) break;
      setProgress({ done: at, of: items.length });
      await run(item);
    }
    setProgress(null);
    await queries.invalidateQueries({ queryKey: ["campaigns"] });
  };
  const told = (name: string, error: unknown): string => {
    const problem = asApiError(error);
    return `${name}: ${problem.fields[0]?.detail ?? (problem.detail || problemTitle(problem, t))}`;
  };
  const undo = async (changed: Done[]) => {
    const refused: string[] = [];
    await each(changed, (one) => revert(one, t("bulk.undone")).catch((error: unknown) => void refused.push(told(one.before.document.name, error))));
    report(t("bulk.undoneMany", { count: changed.length - refused.length }), refused);
  };
  const report = (title: string, refused: string[], changed: Done[] = []) => {
    const more = refused.length - TOLD_MAX;
    const detail = [...refused.slice(0, TOLD_MAX), ...(more > 0 ? [t("bulk.more", { count: more })] : [])].join(" · ");
    tell({ key: "bulk", kind: refused.length ? "failed" : "done", title, detail: detail || undefined, lastsMs: UNDO_MS, ...(changed.length ? { act: { label: t("act.undo"), run: () => void undo(changed) } } : {}) });
  };
  /** `editOf` says what becomes of each; null leaves it alone. */
  const change = async (items: Campaign[], editOf: (item: Campaign) => Edit | null, reason: string, title: (changed: Done[]) => string): Promise<void> => {
    const changed: Done[] = [];
    const refused: string[] = [];
    const wanted = items.map((item) => ({ item, edit: editOf(item) })).filter((one): one is { item: Campaign; edit: Edit } => one.edit !== null);
    await each(wanted, async ({ item, edit }) => {
      try {
        changed.push({ before: item, after: await apply(item, edit, reason) });
      } catch (error) {
        refused.push(told(item.document.name, error));
      }
    });
    report(title(changed), refused, changed);
  };
  return { change, progress, stop: () => (stopped.current = true) };
}
