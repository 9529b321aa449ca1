/** localStorage where the browser gives it, else memory for the life of the page. */

const memory = new Map<string, string>();

/** A browser may forbid or fill its storage at any time: then `otherwise` holds. */
function attempt<T>(work: () => T, otherwise: T): T {
  try {
    return work();
  } catch {
    return otherwise;
  }
}

export const read = (name: string): string | undefined =>
  memory.get(name) ?? attempt(() => localStorage.getItem(name), null) ?? undefined;

export function write(name: string, value: string): void {
  const kept = attempt(() => (localStorage.setItem(name, value), true), false);
  if (kept) memory.delete(name);
  else memory.set(name, value);
}

export function forget(name: string): void {
  memory.delete(name);
  attempt(() => localStorage.removeItem(name), undefined);
}

/** Names under a prefix, in order. */
export const names = (prefix: string): string[] =>
  [...memory.keys(), ...attempt(() => Object.keys(localStorage), [])].filter((name) => name.startsWith(prefix)).sort();

export const readCookie = (name: string): string | undefined =>
  attempt(() => document.cookie.match(`(?:^|; )${name}=([^;]+)`)?.[1], undefined);

/** Writes a first-party cookie; zero seconds remove it. */
export function writeCookie(name: string, value: string, seconds: number, domain?: string): void {
  const place = domain ? `;domain=${domain}` : "";
  const safe = location.protocol === "https:" ? ";secure" : "";
  attempt(() => (document.cookie = `${name}=${value};path=/;max-age=${seconds};samesite=lax${place}${safe}`), "");
}
