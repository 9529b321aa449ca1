/** A week of half-hours as the server keeps it: seven texts of 48 marks, Monday first. */

export const DAYS = [1, 2, 3, 4, 5, 6, 7] as const;
export const HALF_HOURS = 48;

export type Week = readonly string[];

/** A cell of the week: the day from 0 (Monday), the half-hour from 0 (00:00). */
export interface Cell {
  day: number;
  half: number;
}

const row = (spans: [from: number, until: number][]): string => Array.from({ length: HALF_HOURS }, (_, half) => (spans.some(([from, until]) => half >= from && half < until) ? "1" : "0")).join("");
const daily = (each: string): Week => DAYS.map(() => each);
const FULL = row([[0, HALF_HOURS]]);
const NONE = row([]);

/** What people ask for most: the whole week, office hours, evenings, weekends. */
export const PRESETS: Record<"all" | "working" | "evenings" | "weekends", Week> = {
  all: daily(FULL),
  working: DAYS.map((day) => (day <= 5 ? row([[18, 36]]) : NONE)),
  evenings: daily(row([[38, 46]])),
  weekends: DAYS.map((day) => (day > 5 ? FULL : NONE)),
};

export const isWeek = (value: unknown): value is string[] => Array.isArray(value) && value.length === DAYS.length && value.every((one) => typeof one === "string" && one.length === HALF_HOURS);

export const same = (one: Week, other: Week): boolean => one.every((text, day) => text === other[day]);

/** Whether the mark of a cell is set. */
export const holds = (week: Week, { day, half }: Cell): boolean => week[day]?.[half] === "1";

/** The week with every cell of the rectangle between two corners set or cleared. */
export function painted(week: Week, from: Cell, to: Cell, on: boolean): Week {
  const [firstDay, lastDay] = [Math.min(from.day, to.day), Math.max(from.day, to.day)];
  const [first, last] = [Math.min(from.half, to.half), Math.max(from.half, to.half)];
  const mark = (on ? "1" : "0").repeat(last - first + 1);
  return week.map((text, day) => (day < firstDay || day > lastDay ? text : text.slice(0, first) + mark + text.slice(last + 1)));
}

/** How many hours of the week are set. */
export const hoursOf = (week: Week): number => week.join("").replaceAll("0", "").length / 2;

/** `09:30` of a half-hour; 48 is 24:00. */
export const clockOf = (half: number): string => `${String(Math.floor(half / 2)).padStart(2, "0")}:${half % 2 ? "30" : "00"}`;

/** Days on end that run alike, with their stretches of time. Days without any are left out. */
export interface Stretch {
  first: number;
  last: number;
  times: string[];
}

export function stretches(week: Week): Stretch[] {
  const found: (Stretch & { text: string })[] = [];
  week.forEach((text, day) => {
    const before = found.at(-1);
    if (before?.text === text && before.last === day - 1) before.last = day;
    else found.push({ first: day, last: day, text, times: timesOf(text) });
  });
  return found.filter(({ times }) => times.length > 0).map(({ first, last, times }) => ({ first, last, times }));
}

const timesOf = (text: string): string[] => [...text.matchAll(/1+/g)].map(({ 0: run, index }) => `${clockOf(index)}–${clockOf(index + run.length)}`);
