import { answer, client } from "./client";
import type { CustomerPoints, PointsAdjustment } from "./types";

/** Add points to a customer's account, or take some off (below 0); once a request. */
export const adjustPoints = (programme: string, body: PointsAdjustment): Promise<CustomerPoints> =>
  answer(client.POST("/api/v1/points-programmes/{id}/adjustments", { params: { path: { id: programme } }, body }));
