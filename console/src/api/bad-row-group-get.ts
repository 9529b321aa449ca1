import { answer, client } from "./client";
import type { BadRowGroupDetail } from "./types";

/** One group with the original bytes of its newest rows, and the ids that wait for a replay. */
export const getBadRowGroup = (id: string): Promise<BadRowGroupDetail> => answer(client.GET("/api/v1/bad-rows/groups/{id}", { params: { path: { id } } }));
