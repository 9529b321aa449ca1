import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { nowMs } from "@/lib/clock";
import { comparedTo, spanOf } from "@/lib/period";
import { rfc3339, shopZone } from "@/lib/time";
import { usePeriod } from "@/lib/usePeriod";
import { useCurrency } from "./currency-hook";
import { type EffectQuestion, getEffect, listEffects, reconcileEffect } from "./effect-get";

const EVERY_MS = 5000;
const ALL_EVERY_MS = 15_000;
const BEFORE_MS = 60_000;

type Which = "now" | "before";

/** The page's period, or the one it is compared with, as a question; null where nothing is compared. */
function useAsked(): { key: unknown[]; asked: (which: Which) => (Required<EffectQuestion> & { granularity: "day" | "hour" }) | null; known: boolean } {
  const { period, comparison } = usePeriod();
  const { currency, known } = useCurrency();
  const asked = (which: Which) => {
    const span = spanOf(period, nowMs());
    const range = which === "now" ? span : comparedTo(span, comparison);
    if (!range) return null;
    return { from: rfc3339(range.fromMs), to: rfc3339(range.toMs), timezone: shopZone(), currency, granularity: span.granularity === "hour" ? ("hour" as const) : ("day" as const) };
  };
  return { key: [period, comparison, currency], asked, known };
}

const paceOf = (which: Which) => (which === "now" ? EVERY_MS : BEFORE_MS);

/** The effect of one promotion in the page's period, asked again while the page is open. */
export function useEffectOf(id: string, which: Which) {
  const { key, asked, known } = useAsked();
  return useQuery({
    queryKey: ["effect", id, which, ...key],
    enabled: known,
    placeholderData: keepPreviousData,
    refetchInterval: paceOf(which),
    queryFn: ({ signal }) => {
      const question = asked(which);
      return question ? getEffect(id, question, signal) : null;
    },
  });
}

/** The effects of all promotions. */
export function useEffects(which: Which) {
  const { key, asked, known } = useAsked();
  return useQuery({
    queryKey: ["effects", which, ...key],
    enabled: known,
    placeholderData: keepPreviousData,
    refetchInterval: which === "now" ? ALL_EVERY_MS : BEFORE_MS,
    queryFn: ({ signal }) => {
      const question = asked(which);
      if (!question) return null;
      const { from, to, timezone, currency } = question;
      return listEffects({ from, to, timezone, currency, limit: 2000 }, signal);
    },
  });
}

/** Whether figures and ledger agree, asked less often: it reads every order. */
export const useReconciliation = (id: string) => useQuery({ queryKey: ["effect", id, "reconciliation"], queryFn: ({ signal }) => reconcileEffect(id, signal), refetchInterval: 30_000 });
