import { useQuery } from "@tanstack/react-query";
import { answer, client } from "./client";
import type { components } from "./published";

export type DealDelivery = components["schemas"]["DealDelivery"];

const EVERY_MS = 10_000;

/** What a guaranteed deal has delivered, by day, against its plan. */
export const getDelivery = (id: string, signal?: AbortSignal): Promise<DealDelivery> =>
  answer(client.GET("/api/v1/deals/{id}/delivery", { params: { path: { id } }, signal }));

export const useDelivery = (id: string, asked = true) =>
  useQuery({ queryKey: ["deals", "delivery", id], queryFn: ({ signal }) => getDelivery(id, signal), refetchInterval: EVERY_MS, enabled: asked });
