import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { askApproval } from "@/api/approvals";
import { useTransition } from "@/api/documents/hooks";
import type { Transition } from "@/api/documents/transition";
import { type ApiError, asApiError } from "@/api/problem";
import type { Documents, Item, Kind } from "@/api/types";
import { tell } from "@/lib/notes";
import { problemTitle } from "./states";
import { useConfirm } from "./useConfirm";

interface Options<K extends Kind> {
  kind: K;
  /** Where the catalogue keeps this kind's `move` words. */
  words: string;
  /** What a move touches, said from the document itself. */
  touches?: (item: Item<Documents[K]>, to: Transition) => ReactNode;
}

/** Publish, pause and archive documents, each after saying what it touches and how to undo it. */
export function useMoves<K extends Kind>({ kind, words, touches }: Options<K>) {
  const { t } = useTranslation();
  const confirm = useConfirm();
  const transition = useTransition(kind);
  /** Says whether all are moved; else another person was asked for. */
  const run = async (ids: string[], to: Transition): Promise<boolean> => {
    for (const id of ids) {
      try {
        await transition.mutateAsync({ id, to });
      } catch (error) {
        if (to !== "publish" || asApiError(error).reason !== "approval_needed") throw error;
        needsTwo(id, asApiError(error));
        return false;
      }
    }
    tell({ kind: "done", title: t(`done.${to}`) });
    return true;
  };
  const ask = (title: string, body: ReactNode, ids: string[], to: Transition, after?: () => void) =>
    confirm({ title, touches: body, undo: t(`${words}.move.undo.${to}`), verb: t(`act.${to}`), danger: to === "archive", run: () => run(ids, to).then((done) => done && after?.()) });
  /** Without a question: where the page has said already what it touches. */
  const now = (item: Item<Documents[K]>, to: Transition) =>
    run([item.id], to).catch((error: unknown) => tell({ kind: "failed", title: problemTitle(asApiError(error), t), detail: asApiError(error).fields.map((field) => field.detail).join(" · ") || asApiError(error).detail }));
  /** What is dangerous to have live is asked of another person instead. */
  const needsTwo = (id: string, problem: ApiError) => {
    const send = () => askApproval(kind, id).then(
      () => tell({ kind: "done", title: t("approvals.sent"), lastsMs: 8_000 }),
      (error: unknown) => tell({ kind: "failed", title: problemTitle(asApiError(error), t), detail: asApiError(error).detail }),
    );
    tell({ kind: "failed", title: problemTitle(problem, t), detail: problem.fields.map((field) => field.detail).join(" · ") || problem.detail, lastsMs: 60_000, act: { label: t("approvals.ask"), run: () => void send() } });
  };
  const plain = (to: Transition) => <p>{t(`${words}.move.touches.${to}`)}</p>;
  const move = (item: Item<Documents[K]>, to: Transition, after?: () => void) => {
    const body = (
      <>
        {plain(to)}
        {touches?.(item, to)}
      </>
    );
    return ask(t(`${words}.move.title.${to}`, { name: item.document.name }), body, [item.id], to, after);
  };
  const moveAll = (ids: string[], to: Transition, after: () => void) => ask(t(`${words}.move.titleMany.${to}`, { count: ids.length }), plain(to), ids, to, after);
  return { move, moveAll, now };
}
