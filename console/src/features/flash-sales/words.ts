import { clockText, dayOf, instantText, minuteText, monthDayText, parseInstant } from "@/lib/time";

interface Times {
  starts_at: string;
  ends_at: string;
}

/** A session by the shop's clock: 06-18 10:00–12:00. */
export function sessionText({ starts_at, ends_at }: Times): string {
  const [from, to] = [parseInstant(starts_at) ?? 0, parseInstant(ends_at) ?? 0];
  const end = dayOf(from) === dayOf(to) ? minuteText(to) : `${monthDayText(to)} ${minuteText(to)}`;
  return `${monthDayText(from)} ${minuteText(from)}–${end}`;
}

/** How long until a moment: 1:02:03, 02:03, or days and hours. */
export function spanText(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const [days, rest] = [Math.floor(seconds / 86_400), seconds % 86_400];
  const two = (value: number) => String(value).padStart(2, "0");
  const clock = `${two(Math.floor(rest / 3600))}:${two(Math.floor((rest % 3600) / 60))}:${two(rest % 60)}`;
  return days ? `${days}d ${clock}` : clock;
}

/** The labels of so many seconds from a moment on. */
export const secondLabels = (startsAt: string, seconds: number): string[] => {
  const from = parseInstant(startsAt) ?? 0;
  return Array.from({ length: seconds }, (_, at) => clockText(from + at * 1000));
};

export const momentText = (at: string): string => instantText(parseInstant(at) ?? 0);
