import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { answer, client } from "./client";
import type { PipelineState } from "./types";

/** How far the data is, and its course over the last minutes. */
export const getPipeline = (minutes: number): Promise<PipelineState> => answer(client.GET("/api/v1/pipeline", { params: { query: { minutes } } }));

export const usePipeline = (minutes: number) =>
  useQuery({ queryKey: ["pipeline", minutes], queryFn: () => getPipeline(minutes), refetchInterval: 3000, placeholderData: keepPreviousData });
