import { answer, client } from "./client";
import type { Cockpit } from "./types";

/** A session of a flash sale as it stands, and its last `seconds` by the second. */
export const getCockpit = (id: string, query: { session?: string; seconds?: number }, signal?: AbortSignal): Promise<Cockpit> =>
  answer(client.GET("/api/v1/flash-sales/{id}/cockpit", { params: { path: { id }, query: { ...(query.session ? { session: query.session } : {}), ...(query.seconds ? { seconds: String(query.seconds) } : {}) } }, signal }));
