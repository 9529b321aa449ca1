import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { nowMs } from "@/lib/clock";
import { comparedTo, shiftMs, spanOf } from "@/lib/period";
import { rfc3339, shopZone } from "@/lib/time";
import { usePeriod } from "@/lib/usePeriod";
import { useCurrency } from "./currency-hook";
import { type FigureQuery, type Figures, queryFigures } from "./figures";

export type Ask = Omit<FigureQuery, "from" | "to" | "currency" | "granularity"> & {
  granularity?: "none" | "auto" | "minute" | "hour" | "day";
};

/** `before` is the compared stretch; `beforeWhole` also its part that lies ahead of now. */
export type Which = "now" | "before" | "beforeWhole";

const EMPTY: Figures = { rows: [], watermark: null, columns: [] };

/** Figures of the page's period, asked again every few seconds while it is still running. */
export function useFigures(ask: Ask, which: Which = "now", everyMs = 5000) {
  const { period, comparison } = usePeriod();
  const { currency, known } = useCurrency();
  return useQuery({
    queryKey: ["figures", ask, which, period, comparison, currency],
    enabled: known,
    placeholderData: keepPreviousData,
    refetchInterval: which === "now" ? everyMs : 60_000,
    queryFn: ({ signal }) => {
      const span = spanOf(period, nowMs());
      const range = rangeOf(which, span, comparison);
      if (!range) return EMPTY;
      const { granularity = "none", ...rest } = ask;
      const step = granularity === "auto" ? span.granularity : granularity;
      return queryFigures(
        {
          ...rest,
          ...(step === "none" ? {} : { granularity: step }),
          from: rfc3339(range.fromMs),
          to: rfc3339(range.toMs),
          timezone: shopZone(),
          currency,
        },
        signal,
      );
    },
  });
}

function rangeOf(which: Which, span: ReturnType<typeof spanOf>, comparison: Parameters<typeof comparedTo>[1]) {
  if (which === "now") return span;
  if (which === "before" || comparison === "none") return comparedTo(span, comparison);
  const shift = shiftMs(span, comparison);
  return { fromMs: span.fromMs - shift, toMs: span.untilMs - shift };
}
