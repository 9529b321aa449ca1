import { useQueries, useQuery } from "@tanstack/react-query";
import { type Asked, askLines, type Axis } from "./lines";
import type { Line } from "./types";

export interface Lines {
  axis: Axis;
  lines: Line[];
}

/** Lines of several questions, each asked on its own so that one which fails leaves the others be.
 *
 *  `axis` tells the axis as it is now; `span` names it while it grows, so that old lines stay until new ones come.
 */
export const useLines = (asked: Asked[], axis: () => Axis, span: string, everyMs: number) =>
  useQueries({
    queries: asked.map((one) => ({
      queryKey: ["lines", one, span],
      refetchInterval: everyMs,
      queryFn: async ({ signal }: { signal: AbortSignal }): Promise<Lines> => {
        const now = axis();
        return { axis: now, lines: await askLines(one, now, signal) };
      },
    })),
  });

/** The values that a label of a series took within the axis and the step that runs. Fails where there are very many. */
export const useLabelValues = (series: string, label: string, axis: () => Axis, span: string) =>
  useQuery({
    queryKey: ["label-values", series, label, span],
    staleTime: 30_000,
    refetchInterval: 30_000,
    queryFn: async ({ signal }) => {
      const { fromMs, toMs, stepS } = axis();
      const lines = await askLines({ series: [{ series, function: "count", group_by: [label] }] }, { fromMs, toMs: toMs + stepS * 1000, stepS }, signal);
      return lines.map((line) => line.labels[label] ?? "");
    },
  });
