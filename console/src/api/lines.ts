/** Lines of system and business metrics on one time axis. */

import { rfc3339 } from "@/lib/time";
import { answer, client } from "./client";
import type { Line, SeriesQuestion } from "./types";

/** Whole steps from `fromMs` up to, without, `toMs`; both are multiples of the step. */
export interface Axis {
  fromMs: number;
  toMs: number;
  stepS: number;
}

/** One of the two ways to ask: a stored series, or a metric of the shop. */
export type Asked = Pick<SeriesQuestion, "series"> | Pick<SeriesQuestion, "business">;

/** The server's bound on the steps of one answer; longer axes are asked in parts. */
const STEPS_MAX = 2000;

/** The lines over the axis. Raises ApiError, also where there would be too many lines. */
export async function askLines(asked: Asked, axis: Axis, signal?: AbortSignal): Promise<Line[]> {
  const parts = partsOf(axis);
  const answers = await Promise.all(parts.map((part) => askPart(asked, part, signal)));
  return join(answers, parts.map(stepsOf));
}

async function askPart(asked: Asked, { fromMs, toMs, stepS }: Axis, signal?: AbortSignal): Promise<Line[]> {
  const body = { ...asked, from: rfc3339(fromMs), to: rfc3339(toMs), step_s: stepS };
  return (await answer(client.POST("/api/v1/metrics/series/query", { body, signal }))).lines;
}

/** How many steps an axis has. */
export const stepsOf = ({ fromMs, toMs, stepS }: Axis): number => Math.round((toMs - fromMs) / (stepS * 1000));

function partsOf({ fromMs, toMs, stepS }: Axis): Axis[] {
  const length = STEPS_MAX * stepS * 1000;
  const count = Math.ceil((toMs - fromMs) / length);
  return Array.from({ length: count }, (_, at) => ({ fromMs: fromMs + at * length, toMs: Math.min(toMs, fromMs + (at + 1) * length), stepS }));
}

/** Put the parts of each line one after the other; a line that a part lacks is empty there. */
export function join(answers: Line[][], steps: number[]): Line[] {
  const named = (line: Line) => JSON.stringify([line.name, line.function, line.labels]);
  const lines = new Map(answers.flat().map((line) => [named(line), line]));
  return [...lines].map(([key, line]) => ({
    ...line,
    values: answers.flatMap((part, at) => part.find((one) => named(one) === key)?.values ?? Array<null>(steps[at] ?? 0).fill(null)),
  }));
}
