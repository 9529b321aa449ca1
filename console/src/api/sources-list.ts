import { useQuery } from "@tanstack/react-query";
import { answer, client } from "./client";
import type { Page, Source } from "./types";

/** Every source of events with its health. */
export const listSources = (): Promise<Page<Source>> => answer(client.GET("/api/v1/sources"));

export const useSources = () => useQuery({ queryKey: ["sources"], queryFn: listSources, refetchInterval: 5000 });
