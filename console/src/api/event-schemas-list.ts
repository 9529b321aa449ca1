import { useQuery } from "@tanstack/react-query";
import { answer, client } from "./client";
import type { EventSchema, Page, PiiField } from "./types";

/** Every schema of an event that is in force: the shop's own, then those that are shipped. */
export const listEventSchemas = (): Promise<Page<EventSchema>> => answer(client.GET("/api/v1/schemas/events"));

/** Every field that a schema marks as personal. */
export const listPii = (): Promise<Page<PiiField>> => answer(client.GET("/api/v1/schemas/pii"));

export const useEventSchemas = () => useQuery({ queryKey: ["event-schemas", "in-force"], queryFn: listEventSchemas, refetchInterval: 10_000 });
export const usePii = () => useQuery({ queryKey: ["event-schemas", "pii"], queryFn: listPii, staleTime: 30_000 });
