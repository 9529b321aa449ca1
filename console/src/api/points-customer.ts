import { answer, client } from "./client";
import type { CustomerPoints, PointsProgramme } from "./types";

/** A customer's points, tier and movements in the live programme. */
const getCustomerPoints = (id: string, cursor?: string, signal?: AbortSignal): Promise<CustomerPoints> =>
  answer(client.GET("/api/v1/customers/{id}/points", { params: { path: { id }, query: { limit: 50, ...(cursor ? { cursor } : {}) } }, signal }));

/** A customer's store credit in the shape of points: an account of money, without tiers. */
async function getCustomerCredit(id: string, cursor?: string, signal?: AbortSignal): Promise<CustomerPoints> {
  const { balance, becoming_available, expiring, moves, ...rest } = await answer(client.GET("/api/v1/customers/{id}/store-credit", { params: { path: { id }, query: { limit: 50, ...(cursor ? { cursor } : {}) } }, signal }));
  const dated = (some: typeof expiring) => some.map(({ amount, at }) => ({ points: amount, at }));
  return {
    ...rest,
    balance,
    worth: balance,
    points_name: { zh: "", en: "" },
    becoming_available: dated(becoming_available),
    expiring: dated(expiring),
    moves: moves.map(({ amount, ...move }) => ({ ...move, points: amount })),
    tier: { name: null, earn_percent: 100, by: "points", score: 0, next: null, missing: 0 },
  };
}

/** A customer's account in the live programme of points, or of money. */
export const getCustomerAccount = (holds: PointsProgramme["document"]["holds"], id: string, cursor?: string, signal?: AbortSignal): Promise<CustomerPoints> => (holds === "money" ? getCustomerCredit : getCustomerPoints)(id, cursor, signal);
