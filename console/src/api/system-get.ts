import { useQuery } from "@tanstack/react-query";
import { answer, client } from "./client";
import type { SystemState } from "./types";

/** Roles with their memory and lag. */
export const getSystem = (): Promise<SystemState> => answer(client.GET("/api/v1/system"));

export const useSystem = () => useQuery({ queryKey: ["system"], queryFn: getSystem, refetchInterval: 5000 });
