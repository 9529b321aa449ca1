import { useQuery } from "@tanstack/react-query";
import { App } from "antd";
import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import { useTransition } from "@/api/documents/hooks";
import type { Transition } from "@/api/documents/transition";
import { numeric, queryFigures } from "@/api/figures";
import type { Item, PromotionDocument } from "@/api/types";
import { useConfirm } from "@/components/useConfirm";
import { nowMs } from "@/lib/clock";
import { count, money } from "@/lib/numbers";
import { DAY_MS, rfc3339 } from "@/lib/time";
import { benefitWords, scopeWords, timeWords } from "./words";

/** What the shop sold in the last seven days: the size of what a rule will touch. */
function useLastWeek() {
  const { currency, known } = useCurrency();
  return useQuery({
    queryKey: ["last-week", currency],
    enabled: known,
    staleTime: 60_000,
    queryFn: () => queryFigures({ metrics: ["orders", "gmv"], from: rfc3339(nowMs() - 7 * DAY_MS), to: rfc3339(nowMs()), currency }),
  });
}

/** Publish, pause and archive, each after saying what it touches and how to undo it. */
export function useMoves() {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const { currency } = useCurrency();
  const confirm = useConfirm();
  const transition = useTransition("promotions");
  const week = useLastWeek().data?.rows[0];
  const size = t("promotion.move.size", { orders: count(numeric(week, "orders")), gmv: money(numeric(week, "gmv"), currency) });
  const done = (to: Transition) => void message.success(t(`promotion.move.done.${to}`));

  const move = (item: Item<PromotionDocument>, to: Transition, after?: () => void) =>
    confirm({
      title: t(`promotion.move.title.${to}`, { name: item.document.name }),
      touches: (
        <>
          <p>
            <strong>{benefitWords(t, item.document.benefit, item.document.currency ?? currency)}</strong> · {scopeWords(t, item.document)} · {timeWords(t, item.document)}
          </p>
          <p>{t(`promotion.move.touches.${to}`)}</p>
          {to === "publish" && <p>{size}</p>}
        </>
      ),
      undo: t(`promotion.move.undo.${to}`),
      verb: t(`act.${to}`),
      danger: to === "archive",
      run: async () => {
        await transition.mutateAsync({ id: item.id, to });
        done(to);
        after?.();
      },
    });

  const moveAll = (ids: string[], to: Transition, after: () => void) =>
    confirm({
      title: t(`promotion.move.titleMany.${to}`, { count: ids.length }),
      touches: <p>{t(`promotion.move.touches.${to}`)}</p>,
      undo: t(`promotion.move.undo.${to}`),
      verb: t(`act.${to}`),
      danger: to === "archive",
      run: async () => {
        for (const id of ids) await transition.mutateAsync({ id, to });
        done(to);
        after();
      },
    });
  return { move, moveAll };
}
