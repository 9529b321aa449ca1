import { answer, client } from "./client";
import type { components } from "./published";

export type Availability = components["schemas"]["Availability"];

/** What a placement will have to give on these days, and what of it is free of bookings. */
export const getAvailability = (id: string, from: string, to: string, signal?: AbortSignal): Promise<Availability> =>
  answer(client.GET("/api/v1/placements/{id}/availability", { params: { path: { id }, query: { from, to } }, signal }));
