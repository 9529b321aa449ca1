import { useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useTransition } from "@/api/documents/hooks";
import type { Transition } from "@/api/documents/transition";
import type { Cockpit } from "@/api/types";
import { useConfirm } from "@/components/useConfirm";
import { count, money } from "@/lib/numbers";
import { tell } from "@/lib/notes";
import { type SaleItem, stockOf } from "./document";

type Verb = "publish" | "resume" | "pause" | "archive";

/** Publishing what was paused resumes it. */
export const verbOf = (item: SaleItem, to: Transition): Verb => (to === "publish" && item.state === "paused" ? "resume" : to);

/** Publish, pause, resume and end sales, each after saying what it touches at this moment and how to undo it. */
export function useSaleMoves() {
  const { t } = useTranslation();
  const confirm = useConfirm();
  const transition = useTransition("flash-sales");
  const queries = useQueryClient();
  const ask = (title: string, touches: ReactNode, verb: Verb, ids: string[], to: Transition, after?: () => void) =>
    confirm({
      title,
      touches,
      undo: t(`flash.move.undo.${verb}`),
      verb: t(`flash.verbs.${verb}`),
      danger: to !== "publish",
      run: async () => {
        for (const id of ids) await transition.mutateAsync({ id, to });
        await queries.invalidateQueries({ queryKey: ["flash-sales"] });
        tell({ kind: "done", title: t(`flash.done.${verb}`) });
        after?.();
      },
    });
  const move = (item: SaleItem, to: Transition, cockpit?: Cockpit) => {
    const verb = verbOf(item, to);
    const body = (
      <>
        <p>{t(`flash.move.touches.${verb}`)}</p>
        <Touched item={item} {...(cockpit ? { cockpit } : {})} />
      </>
    );
    return ask(t(`flash.move.title.${verb}`, { name: item.document.name }), body, verb, [item.id], to);
  };
  const moveAll = (ids: string[], to: Transition, after: () => void) => ask(t(`flash.move.titleMany.${to}`, { count: ids.length }), <p>{t(`flash.move.touches.${to}`)}</p>, to, ids, to, after);
  return { move, moveAll };
}

/** What is at stake: the session as it stands, or what a sale that nobody has seen yet will sell. */
function Touched({ item, cockpit }: { item: SaleItem; cockpit?: Cockpit }) {
  const { t } = useTranslation();
  if (!cockpit || item.state === "draft") {
    const { items, currency = "CNY" } = item.document;
    const pieces = items.reduce((sum, one) => sum + one.stock, 0);
    const worth = items.reduce((sum, one) => sum + one.stock * one.price_minor, 0);
    return <p>{t("flash.move.offer", { goods: count(items.length), pieces: count(pieces), worth: money(worth, currency) })}</p>;
  }
  const { state } = cockpit;
  const { sold, reserved, left, taken } = stockOf(state);
  return (
    <ul className="plain">
      <li>{t("flash.move.sold", { sold: count(sold), taken: money(taken, state.currency) })}</li>
      <li>{t("flash.move.reserved", { reserved: count(reserved) })}</li>
      <li>{t("flash.move.left", { left: count(left) })}</li>
      {state.queue && <li>{t("flash.move.waiting", { waiting: count(state.queue.waiting) })}</li>}
    </ul>
  );
}
