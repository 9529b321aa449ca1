import { DAYS, stretches, type Week } from "./grid";

type Translate = (key: string, vars?: Record<string, unknown>) => string;

/** A week of half-hours as a sentence: 周一至周五 09:00–18:00. */
export function weekWords(t: Translate, week: Week): string {
  if (!week.some((text) => text.includes("0"))) return t("targeting.grid.always");
  const found = stretches(week).map(({ first, last, times }) => {
    const day = (at: number) => t(`week.days.${DAYS[at]}`);
    return `${first === last ? day(first) : t("targeting.grid.days", { first: day(first), last: day(last) })} ${times.join(t("targeting.list"))}`;
  });
  return found.join(t("targeting.grid.join")) || t("targeting.grid.never");
}
