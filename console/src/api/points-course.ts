import { answer, client } from "./client";
import type { PointsCourse, PointsCourseQuestion } from "./types";

/** What a programme, stored or not, comes to for a customer who buys once a month. */
export const pointsCourse = (body: PointsCourseQuestion, signal?: AbortSignal): Promise<PointsCourse> =>
  answer(client.POST("/api/v1/points-programmes/preview", { body, signal }));
