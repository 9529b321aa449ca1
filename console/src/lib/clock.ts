/** The only place that reads the wall clock. */

/** Milliseconds since 1970 in UTC, as this browser believes. */
export function nowMs(): number {
  return Date.now();
}

/** A random id for an `Idempotency-Key` or a list key. */
export function freshId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
