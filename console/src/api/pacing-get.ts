import { useQuery } from "@tanstack/react-query";
import { answer, client } from "./client";
import type { components } from "./published";

export type CampaignPacing = components["schemas"]["CampaignPacing"];

const EVERY_MS = 10_000;

/** A campaign's day: plan, spend, what its strategy set. */
export const getPacing = (id: string, signal?: AbortSignal): Promise<CampaignPacing> =>
  answer(client.GET("/api/v1/campaigns/{id}/pacing", { params: { path: { id } }, signal }));

export const usePacing = (id: string) => useQuery({ queryKey: ["pacing", id], queryFn: ({ signal }) => getPacing(id, signal), refetchInterval: EVERY_MS });
