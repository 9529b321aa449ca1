import { useQuery } from "@tanstack/react-query";
import { getWallet } from "@/api/advertiser-wallet";

const EVERY_MS = 10_000;

export const walletKey = (id: string) => ["advertisers", "wallet", id];

/** An advertiser's money, kept fresh. */
export const useWallet = (id: string) => useQuery({ queryKey: walletKey(id), queryFn: ({ signal }) => getWallet(id, signal), refetchInterval: EVERY_MS });
