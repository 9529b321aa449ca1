export interface IntervalRow {
  name: string;
  /** The estimate and its interval; an end that is null is open. */
  value: number;
  low: number | null;
  high: number | null;
  words: string;
}

/** How far the axis reaches on both sides: all that is bounded, and at most three times what is estimated or the nearest ends. */
export function reachOf(rows: IntervalRow[]): number {
  const ends = rows.flatMap((row) => [row.value, row.low, row.high]).filter((value): value is number => typeof value === "number" && Number.isFinite(value)).map(Math.abs);
  const near = Math.max(...rows.map((row) => Math.max(Math.abs(row.value), Math.min(...[row.low, row.high].map((end) => (end === null ? Infinity : Math.abs(end)))))).filter(Number.isFinite), 0);
  const most = Math.max(...ends, 0);
  return Math.min(most, near > 0 ? near * 3 : most) || 1;
}
