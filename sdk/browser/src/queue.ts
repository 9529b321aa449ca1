/** What waits to be sent: kept in the browser until the answer is 200, in order, across reloads and tabs.
 *
 *  Each event has a storage entry of its own, so that tabs never overwrite each other's. The same event
 *  may be sent twice (by a beacon, by two tabs): its message id makes that one event at the other end.
 */
import { forget, names, read, write } from "./storage";
import type { Settings, Values } from "./types";

const BATCH_EVENTS_MAX = 50;
/** A browser lets a page that goes away send 64 KiB in all: a batch under way and a beacon must fit. */
const BATCH_BYTES_MAX = 30_000;
const KEEPALIVE_BYTES_MAX = 60_000;
const ANSWER_MS_MAX = 30_000;
const BACKOFF_MS = 1_000;
const BACKOFF_MS_MAX = 300_000;
const PAUSE_MS_MAX = 3_600_000;

export interface Queue {
  add(event: Values): void;
  flush(): Promise<void>;
  /** Sends without an answer; the events stay kept until one comes. */
  beacon(): void;
  clear(): void;
}

export function createQueue(writeKey: string, endpoint: string, settings: Settings): Queue {
  const { flushAt = 20, flushEveryMs = 1_000, queueMax = 1_000 } = settings;
  const url = `${endpoint}/v1/batch`;
  const prefix = `qq:${writeKey}:`;
  const pause = `qq!${writeKey}`;
  const tab = Math.random().toString(36).slice(2, 8);
  let batchMax = BATCH_EVENTS_MAX;
  let dropped = 0;
  let failures = 0;
  let inFlight: string[] = [];
  let sending: Promise<void> | undefined;
  let timer: number | undefined;
  let timerAt = 0;
  let retryAt = 0;

  /** How long to wait still: what the server asked for outlives a reload, our own caution does not. */
  function pausedMs(): number {
    const restMs = Math.max(retryAt, Number(read(pause) ?? 0)) - Date.now();
    // Longer than any wait that was noted: the clock was set back since.
    return restMs > PAUSE_MS_MAX ? 0 : Math.max(0, restMs);
  }

  function schedule(delayMs: number): void {
    const at = Date.now() + Math.max(delayMs, pausedMs());
    if (timer && timerAt <= at) return;
    clearTimeout(timer);
    timerAt = at;
    timer = window.setTimeout(() => void flush(), at - Date.now());
  }

  function add(event: Values): void {
    const waiting = names(prefix);
    const oldest = waiting[0];
    if (oldest && waiting.length >= queueMax) {
      forget(oldest);
      dropped++;
    }
    if (dropped) event.context = { ...(event.context as Values), droppedBefore: dropped };
    // Times of 13 digits sort as text until the year 2286; never before what already waits.
    const last = Number((waiting[waiting.length - 1] ?? "").slice(prefix.length, prefix.length + 13));
    write(prefix + Math.max(Date.now(), last + 1) + tab, JSON.stringify(event));
    if (!failures) schedule(waiting.length + 1 >= flushAt ? 0 : flushEveryMs);
  }

  function take(without: readonly string[]) {
    const taken: string[] = [];
    const bodies: string[] = [];
    let bytes = 0;
    for (const name of names(prefix)) {
      const body = read(name);
      if (!body || without.includes(name)) continue;
      const more = new Blob([body]).size;
      if (taken.length && (taken.length >= batchMax || bytes + more > BATCH_BYTES_MAX)) break;
      taken.push(name);
      bodies.push(body);
      bytes += more;
    }
    const text = `{"batch":[${bodies}],"sentAt":"${new Date().toISOString()}","writeKey":${JSON.stringify(writeKey)}}`;
    return { taken, bytes, text };
  }

  function backOff(retryAfter: string | null): void {
    const stated = Number(retryAfter) * 1_000 || Date.parse(retryAfter ?? "") - Date.now() || 0;
    const own = Math.min(BACKOFF_MS_MAX, BACKOFF_MS * 2 ** failures++);
    if (stated > 0) write(pause, String(Date.now() + Math.min(PAUSE_MS_MAX, stated + own * Math.random())));
    else retryAt = Date.now() + own * (0.5 + Math.random() / 2);
    schedule(0);
  }

  /** Takes note of an answer; says whether the next batch may go at once. */
  function heard(status: number, retryAfter: string | null, taken: string[]): boolean {
    const refused = status === 400 || status === 413;
    if (refused && taken.length > 1) {
      batchMax = Math.ceil(taken.length / 2);
      return true;
    }
    // Alone and refused: the intake has kept it among the bad rows, and would refuse it for ever.
    if (status !== 200 && !refused) {
      backOff(retryAfter);
      return false;
    }
    taken.forEach(forget);
    if (failures) forget(pause);
    failures = retryAt = 0;
    batchMax = BATCH_EVENTS_MAX;
    return true;
  }

  async function sendOne(): Promise<boolean> {
    const { taken, bytes, text } = take([]);
    if (!taken.length || navigator.onLine === false) return false;
    if (pausedMs()) {
      schedule(0);
      return false;
    }
    inFlight = taken;
    const answer = await fetch(url, {
      method: "POST",
      body: text, // as text/plain, which asks no other origin's leave first
      credentials: "omit",
      keepalive: bytes < KEEPALIVE_BYTES_MAX,
      signal: AbortSignal.timeout?.(ANSWER_MS_MAX),
    }).catch(() => undefined);
    inFlight = [];
    return heard(answer?.status ?? 0, answer?.headers.get("retry-after") ?? null, taken);
  }

  async function sendAll(): Promise<void> {
    while (await sendOne());
  }

  /** One tab sends at a time, where the browser can arrange that. */
  async function alone(work: () => Promise<void>): Promise<void> {
    if (!navigator.locks) return work();
    const inTurn = async (lock: Lock | null): Promise<void> => {
      if (lock) await work();
      else schedule(flushEveryMs);
    };
    // A frame without an origin of its own may not ask for locks, and shares no storage either.
    await navigator.locks.request(prefix, { ifAvailable: true }, inTurn).catch(work);
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    return (sending ??= alone(sendAll).finally(() => (sending = undefined)));
  }

  function beacon(): void {
    const { taken, text } = take(inFlight);
    if (taken.length && !pausedMs()) navigator.sendBeacon?.(url, text);
  }

  function clear(): void {
    names(prefix).forEach(forget);
    forget(pause);
  }

  addEventListener("online", () => {
    failures = retryAt = 0;
    schedule(0);
  });
  schedule(0);
  return { add, flush, beacon, clear };
}
