import { useQuery } from "@tanstack/react-query";
import { setShopZone } from "@/lib/time";
import { answer, client } from "./client";
import type { Shop } from "./types";

/** The shop's name, time zone and own currency. Days and clocks follow the zone from then on. */
export async function getShop(): Promise<Shop> {
  const shop = await answer(client.GET("/api/v1/shop"));
  setShopZone(shop.timezone);
  return shop;
}

export const useShop = () => useQuery({ queryKey: ["shop"], queryFn: getShop, staleTime: Infinity });
