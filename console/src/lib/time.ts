/** Instants and business days. The wire speaks RFC 3339 in UTC; people see the shop's time zone. */

let zoneOfShop = "Asia/Shanghai";

/** The zone of the shop's business day, once the shop is known. */
export const shopZone = (): string => zoneOfShop;

/** Told once by the shop itself, before any figure is asked. */
export function setShopZone(zone: string): void {
  zoneOfShop = zone;
}

export const DAY_MS = 86_400_000;

/** The shop's zone as people call it: 中国标准时间, China Standard Time. */
export function zoneWords(language: string): string {
  const parts = new Intl.DateTimeFormat(language, { timeZone: shopZone(), timeZoneName: "longGeneric" }).formatToParts();
  return parts.find((part) => part.type === "timeZoneName")?.value ?? shopZone();
}

/** How far a zone is ahead of UTC at an instant, in milliseconds. */
export function offsetMs(atMs: number, zone: string): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(atMs);
  const of = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  const wall = Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"), of("second"));
  return wall - Math.floor(atMs / 1000) * 1000;
}

/** The first instant of the business day that holds `atMs`. */
export function dayStartMs(atMs: number, zone: string = shopZone()): number {
  const wall = atMs + offsetMs(atMs, zone);
  const midnight = Math.floor(wall / DAY_MS) * DAY_MS;
  return midnight - offsetMs(midnight - offsetMs(atMs, zone), zone);
}

/** `YYYY-MM-DD` of the business day that holds an instant. */
export function dayOf(atMs: number, zone: string = shopZone()): string {
  return new Date(atMs + offsetMs(atMs, zone)).toISOString().slice(0, 10);
}

/** The first instant of a day written `YYYY-MM-DD`, or null when it is no day. */
export function parseDay(day: string, zone: string = shopZone()): number | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return null;
  const utc = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(utc) || new Date(utc).toISOString().slice(0, 10) !== day) return null;
  return utc - offsetMs(utc - offsetMs(utc, zone), zone);
}

export const rfc3339 = (atMs: number): string => new Date(atMs).toISOString();

/** An RFC 3339 instant to milliseconds, or null. */
export function parseInstant(text: string | null | undefined): number | null {
  if (!text) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : at;
}

const wallClock = (atMs: number, zone: string) => new Date(atMs + offsetMs(atMs, zone)).toISOString();

/** `HH:MM:SS` in the shop's zone. */
export const clockText = (atMs: number, zone: string = shopZone()): string => wallClock(atMs, zone).slice(11, 19);
/** `HH:MM` in the shop's zone. */
export const minuteText = (atMs: number, zone: string = shopZone()): string => wallClock(atMs, zone).slice(11, 16);
/** `YYYY-MM-DD HH:MM:SS` in the shop's zone. */
export const instantText = (atMs: number, zone: string = shopZone()): string => wallClock(atMs, zone).slice(0, 19).replace("T", " ");
/** `MM-DD` in the shop's zone. */
export const monthDayText = (atMs: number, zone: string = shopZone()): string => wallClock(atMs, zone).slice(5, 10);

/** An instant of the wire for a `datetime-local` input, in the shop's zone. */
export function toInput(text: string | null | undefined, zone: string = shopZone()): string {
  const at = parseInstant(text);
  return at === null ? "" : wallClock(at, zone).slice(0, 16);
}

/** What a `datetime-local` input holds, to RFC 3339; null when empty. */
export function fromInput(text: string, zone: string = shopZone()): string | null {
  // Asked first: browsers read almost anything as some date.
  const wall = /^\d{4,6}-\d{2}-\d{2}T\d{2}:\d{2}$/.test(text) ? Date.parse(`${text}:00Z`) : Number.NaN;
  return Number.isNaN(wall) ? null : rfc3339(wall - offsetMs(wall - offsetMs(wall, zone), zone));
}
