import { App } from "antd";
import { useTranslation } from "react-i18next";
import { useTransition } from "@/api/documents/hooks";
import type { Transition } from "@/api/documents/transition";
import type { CampaignDocument, Item } from "@/api/types";
import { useConfirm } from "@/components/useConfirm";
import { money } from "@/lib/numbers";

/** Publish, pause and archive campaigns, each after saying what it can cost and how to undo it. */
export function useMoves() {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const confirm = useConfirm();
  const transition = useTransition("campaigns");
  const cost = ({ document }: Item<CampaignDocument>) =>
    t("ads.move.cost", { budget: money(document.daily_budget_minor, document.currency), bid: money(document.bid_minor, document.currency), placements: document.placements.length });

  const run = async (ids: string[], to: Transition, after?: () => void) => {
    for (const id of ids) await transition.mutateAsync({ id, to });
    void message.success(t(`ads.move.done.${to}`));
    after?.();
  };
  const move = (item: Item<CampaignDocument>, to: Transition) =>
    confirm({
      title: t(`ads.move.title.${to}`, { name: item.document.name }),
      touches: (
        <>
          <p>{t(`ads.move.touches.${to}`)}</p>
          {to === "publish" && <p>{cost(item)}</p>}
        </>
      ),
      undo: t(`ads.move.undo.${to}`),
      verb: t(`act.${to}`),
      danger: to === "archive",
      run: () => run([item.id], to),
    });
  const moveAll = (ids: string[], to: Transition, after: () => void) =>
    confirm({
      title: t(`ads.move.titleMany.${to}`, { count: ids.length }),
      touches: <p>{t(`ads.move.touches.${to}`)}</p>,
      undo: t(`ads.move.undo.${to}`),
      verb: t(`act.${to}`),
      danger: to === "archive",
      run: () => run(ids, to, after),
    });
  return { move, moveAll };
}
