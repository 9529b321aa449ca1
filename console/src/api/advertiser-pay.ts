import { answer, client } from "./client";
import type { NewPayment, Wallet } from "./types";

const WAYS = {
  "top-ups": (id: string, body: NewPayment) => client.POST("/api/v1/advertisers/{id}/top-ups", { params: { path: { id } }, body }),
  withdrawals: (id: string, body: NewPayment) => client.POST("/api/v1/advertisers/{id}/withdrawals", { params: { path: { id } }, body }),
};

/** Take money in or pay it back, once a request. */
export const payAdvertiser = (id: string, way: keyof typeof WAYS, body: NewPayment): Promise<Wallet> => answer(WAYS[way](id, body));
