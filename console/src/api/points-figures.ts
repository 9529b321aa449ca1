import { answer, client } from "./client";
import type { PointsFigures } from "./types";

/** A programme's points: what is outstanding, what moved by day, how many members each tier has. */
export const getPointsFigures = (id: string, days: number, signal?: AbortSignal): Promise<PointsFigures> =>
  answer(client.GET("/api/v1/points-programmes/{id}/statistics", { params: { path: { id }, query: { days } }, signal }));
