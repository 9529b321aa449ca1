import { answer, client } from "./client";
import type { Expression, SegmentPreview } from "./types";

/** How many people an expression holds, with a few of them. */
export const previewSegment = (expression: Expression, signal?: AbortSignal): Promise<SegmentPreview> =>
  answer(client.POST("/api/v1/segments/preview", { body: { expression }, signal }));
