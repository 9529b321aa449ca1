import { answer, client } from "./client";
import type { Wallet } from "./types";

/** An advertiser's money and latest payments, in books that agree. */
export const getWallet = (id: string, signal?: AbortSignal): Promise<Wallet> => answer(client.GET("/api/v1/advertisers/{id}/wallet", { params: { path: { id } }, signal }));
