/** The calls that a page makes. They may come before `load`, and before the shopper's consent. */
import { startAutomatic } from "./automatic";
import { pageContext, pageProperties } from "./page";
import { type Agreed, consentContext, createPerson, newId, type Person, rememberConsent, rememberedConsent } from "./person";
import { createQueue, type Queue } from "./queue";
import { type Call, type CallOptions, PURPOSES, type Purpose, type Settings, type Values } from "./types";

const WAITING_MAX = 100;

export type Queqiao = ReturnType<typeof createClient>;

export function createClient(ownOrigin: string) {
  let queue: Queue | undefined;
  let person: Person | undefined;
  let agreed: Agreed;
  let isRequired = false;
  let waiting: Call[] = [];
  let pageTimer: number | undefined;

  /** Stores a call under the names and the consent of this moment. */
  function store(call: Call, to: Queue, who: Person): void {
    if (call.type === "identify") who.isUser(String(call.userId));
    if (call.type === "alias") call.previousId ??= who.anonymousId();
    const consent = consentContext(agreed);
    const context = consent ? { consent, ...call.context } : call.context;
    to.add({ anonymousId: who.anonymousId(), userId: who.userId(), ...call, context });
  }

  function take(call: Call): void {
    if (agreed && !agreed.length) return;
    if (queue && person && (agreed || !isRequired)) store(call, queue, person);
    else if (waiting.length < WAITING_MAX) waiting.push(call);
  }

  /** An error of ours must never be one of the shop's. */
  function send(type: Call["type"], fields: Values, options: CallOptions = {}): void {
    if (pageTimer && type !== "page") pageNow();
    const { messageId = newId(), timestamp = new Date().toISOString() } = options;
    try {
      const context = { ...pageContext(), ...options.context };
      take({ ...fields, type, messageId, timestamp, context });
    } catch (error) {
      console.error("queqiao", error);
    }
  }

  function pageNow(): void {
    clearTimeout(pageTimer);
    pageTimer = undefined;
    page();
  }

  /** A view of a page whose title the script that moved there is about to set; never after what follows. */
  function pageSoon(): void {
    clearTimeout(pageTimer);
    pageTimer = window.setTimeout(pageNow);
  }

  function release(): void {
    const calls = waiting;
    waiting = [];
    calls.forEach(take);
  }

  function load(writeKey: string, settings: Settings = {}): void {
    if (queue) return;
    const { consent, endpoint = ownOrigin } = settings;
    isRequired = consent === "required";
    agreed = Array.isArray(consent) ? consent : rememberedConsent();
    person = createPerson(settings.cookieDomain);
    queue = createQueue(writeKey, endpoint.replace(/\/+$/, ""), settings);
    if (agreed) apply(agreed);
    watchLeaving(queue);
    startAutomatic(settings, { track, pageNow, pageSoon });
    release();
  }

  /** A hidden page may never come back, one that goes away will not: whatever waits is sent. */
  function watchLeaving({ beacon }: Queue): void {
    let isLeaving = false;
    addEventListener("pagehide", () => {
      isLeaving = true;
      beacon();
    });
    addEventListener("pageshow", () => (isLeaving = false));
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden" && !isLeaving) void flush();
    });
  }

  /** Without any purpose everything of ours leaves the browser, unsent events too. */
  function apply(purposes: readonly Purpose[]): void {
    agreed = PURPOSES.filter((purpose) => purposes.includes(purpose));
    rememberConsent(agreed);
    if (!agreed.length) {
      waiting = [];
      queue?.clear();
      person?.reset();
    }
  }

  function decide(purposes: readonly Purpose[]): void {
    apply(purposes);
    if (queue) release();
  }

  function page(name?: string, properties?: Values, options?: CallOptions): void {
    send("page", { name, properties: { ...pageProperties(), ...properties } }, options);
  }

  function track(event: string, properties: Values = {}, options?: CallOptions): void {
    send("track", { event, properties }, options);
  }

  const flush = (): Promise<void> => queue?.flush() ?? Promise.resolve();

  return {
    load,
    track,
    page,
    identify: (userId: string, traits: Values = {}, options?: CallOptions) => send("identify", { userId, traits }, options),
    group: (groupId: string, traits: Values = {}, options?: CallOptions) => send("group", { groupId, traits }, options),
    /** Says that two ids are one person; the previous one is by default the browser's. */
    alias: (userId: string, previousId?: string, options?: CallOptions) =>
      send("alias", { userId, previousId }, options),
    /** What the shopper agreed to, as a list of purposes; an empty one is a no to all. */
    consent: decide,
    /** Forgets who it was: after a logout, on a shared device. */
    reset: () => person?.reset(),
    flush,
  };
}
