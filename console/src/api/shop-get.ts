import { useQuery } from "@tanstack/react-query";
import { answer, client } from "./client";
import type { Shop } from "./types";

/** The shop's name, time zone and own currency. */
export const getShop = (): Promise<Shop> => answer(client.GET("/api/v1/shop"));

export const useShop = () => useQuery({ queryKey: ["shop"], queryFn: getShop, staleTime: Infinity });
