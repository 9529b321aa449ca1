import { useQuery } from "@tanstack/react-query";
import { answer, client } from "./client";
import type { SeriesView } from "./types";

/** Every name of stored series, with its kind and the labels that tell its series apart. */
export const listSeries = async (): Promise<SeriesView[]> => (await answer(client.GET("/api/v1/metrics/series"))).items;

export const useSeriesList = () => useQuery({ queryKey: ["series"], queryFn: listSeries, staleTime: 30_000, refetchInterval: 60_000 });
