import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import { numeric, queryFigures } from "@/api/figures";
import { useMoves as useDocumentMoves } from "@/components/useMoves";
import { nowMs } from "@/lib/clock";
import { count, money } from "@/lib/numbers";
import { DAY_MS, rfc3339 } from "@/lib/time";
import { ruleWords, scopeWords, timeWords } from "./words";

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

/** Publish, pause and archive promotions, each after saying what it touches and how to undo it. */
export function useMoves() {
  const { t } = useTranslation();
  const { currency } = useCurrency();
  const week = useLastWeek().data?.rows[0];
  const size = t("promotion.move.size", { orders: count(numeric(week, "orders")), gmv: money(numeric(week, "gmv"), currency) });
  return useDocumentMoves({
    kind: "promotions",
    words: "promotion",
    touches: ({ document }, to) => (
      <>
        <p>
          <strong>{ruleWords(t, document, currency)}</strong> · {scopeWords(t, document)} · {timeWords(t, document)}
        </p>
        {to === "publish" && <p>{size}</p>}
      </>
    ),
  });
}
