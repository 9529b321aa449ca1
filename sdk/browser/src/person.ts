/** Whose browser it is, and what that person agreed to. */
import { forget, read, readCookie, write, writeCookie } from "./storage";
import { PURPOSES, type Purpose } from "./types";

const ANONYMOUS = "qq_aid";
const USER = "qq_uid";
const CONSENT = "qq_consent";
const YEAR_S = 31_536_000;

/** A random UUID (version 4); pages without TLS and old browsers lack the short way. */
export const newId = (): string => crypto.randomUUID?.() ?? longId(crypto.getRandomValues(new Uint8Array(16)));

const longId = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte, at) => {
    const marked = at === 6 ? (byte & 15) | 64 : at === 8 ? (byte & 63) | 128 : byte;
    return (marked + 256).toString(16).slice(1) + ([3, 5, 7, 9].includes(at) ? "-" : "");
  }).join("");

export interface Person {
  anonymousId(): string;
  userId(): string | undefined;
  isUser(id: string): void;
  /** Forgets the ids; the next event makes a new anonymous one. */
  reset(): void;
}

export function createPerson(cookieDomain?: string): Person {
  return {
    anonymousId() {
      const known = readCookie(ANONYMOUS) ?? read(ANONYMOUS);
      const id = known ?? newId();
      // Kept twice: some browsers end a script's cookie after days, some shoppers clear the one or the other.
      if (!readCookie(ANONYMOUS)) writeCookie(ANONYMOUS, id, YEAR_S, cookieDomain);
      if (read(ANONYMOUS) !== id) write(ANONYMOUS, id);
      return id;
    },
    userId: () => read(USER),
    isUser: (id) => write(USER, id),
    reset() {
      [ANONYMOUS, USER].forEach(forget);
      writeCookie(ANONYMOUS, "", 0, cookieDomain);
    },
  };
}

/** `undefined`: not asked, or not answered yet. */
export type Agreed = readonly Purpose[] | undefined;

export const rememberedConsent = (): Agreed => {
  const said = read(CONSENT)?.split(",");
  return said && PURPOSES.filter((purpose) => said.includes(purpose));
};

/** Keeps a yes. A no keeps nothing, not even itself: the page says it again. */
export const rememberConsent = (agreed: readonly Purpose[]): void =>
  agreed.length ? write(CONSENT, agreed.join()) : forget(CONSENT);

/** As the Segment specification writes it into the context. */
export const consentContext = (agreed: Agreed) =>
  agreed && { categoryPreferences: Object.fromEntries(PURPOSES.map((purpose) => [purpose, agreed.includes(purpose)])) };
