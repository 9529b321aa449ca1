import { useTranslation } from "react-i18next";
import { useMoves as useDocumentMoves } from "@/components/useMoves";
import { money } from "@/lib/numbers";

/** Publish, pause and archive campaigns, each after saying what it can cost and how to undo it. */
export function useMoves() {
  const { t } = useTranslation();
  return useDocumentMoves({
    kind: "campaigns",
    words: "ads",
    touches: ({ document }, to) =>
      to === "publish" && <p>{t("ads.move.cost", { budget: money(document.daily_budget_minor, document.currency), bid: money(document.bid_minor, document.currency), placements: document.placements.length })}</p>,
  });
}
