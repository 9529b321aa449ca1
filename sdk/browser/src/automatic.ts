/** Events without a line of code: page views, clicks, exposures. */
import { moved } from "./page";
import { isInSight, SEEN_MS, SHARES } from "./mrc";
import type { Settings, Values } from "./types";

interface Calls {
  track(event: string, properties: Values): void;
  pageNow(): void;
  pageSoon(): void;
}

const TEXT_MAX = 100;
/** Fields that the vocabulary knows as numbers; everything else is text, so that a SKU 007 stays one. */
const NUMBER = /^(price|quantity|position|value|total|subtotal|revenue|discount|shipping|tax)$|_minor$/;

export function startAutomatic(settings: Settings, calls: Calls): void {
  const start = () => {
    if (settings.pages !== false) watchPages(calls);
    if (settings.clicks !== false) watchClicks(calls);
    if (settings.exposures !== false && "IntersectionObserver" in window) watchExposures(calls);
  };
  // A page that a browser draws ahead of a click has been seen by nobody yet.
  if ((document as { prerendering?: boolean }).prerendering) document.addEventListener("prerenderingchange", start, { once: true });
  else start();
}

function watchPages({ pageNow, pageSoon }: Calls): void {
  const look = () => void (moved() && pageSoon());
  for (const name of ["pushState", "replaceState"] as const) {
    const plain = history[name];
    history[name] = function (this: History, ...given: Parameters<History["pushState"]>) {
      plain.apply(this, given);
      look();
    };
  }
  addEventListener("popstate", look);
  addEventListener("pageshow", ({ persisted }) => persisted && pageSoon());
  pageNow();
}

/** `data-qq-price-minor` is `price_minor`. What a surrounding element says holds for those in it. */
function propertiesOf(element: HTMLElement | null): Values {
  if (!element) return {};
  const found = propertiesOf(element.parentElement);
  for (const [key, value = ""] of Object.entries(element.dataset ?? {})) {
    const name = key.slice(2).replace(/[A-Z]/g, (letter, at) => (at ? "_" : "") + letter.toLowerCase());
    if (!/^qq[A-Z]/.test(key) || name === "event" || name === "exposure") continue;
    if (name === "properties") Object.assign(found, parsed(value));
    else found[name] = NUMBER.test(name) && value.trim() && isFinite(+value) ? +value : value;
  }
  return found;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    console.error("queqiao: data-qq-properties is not JSON");
    return {};
  }
}

function watchClicks({ track }: Calls): void {
  const clicked = (happened: MouseEvent) => {
    if (happened.type === "auxclick" && happened.button !== 1) return;
    const target = happened.composedPath()[0];
    if (!(target instanceof Element)) return;
    const marked = target.closest<HTMLElement>("[data-qq-event]");
    if (marked) track(marked.dataset.qqEvent ?? "", propertiesOf(marked));
    else followed(target.closest<HTMLAnchorElement>("a[href]"));
  };
  const followed = (link: HTMLAnchorElement | null) => {
    // Only pages: what mailto: and tel: lead to may be a person's.
    if (!link || !/^https?:$/.test(link.protocol)) return;
    const text = (link.textContent ?? "").trim().slice(0, TEXT_MAX);
    track("Link Clicked", { ...propertiesOf(link), href: link.href, text, outbound: link.host !== location.host });
  };
  document.addEventListener("click", clicked, true);
  document.addEventListener("auxclick", clicked, true);
}

function watchExposures({ track }: Calls): void {
  const known = new WeakSet<Element>();
  const inView = new Set<HTMLElement>();
  const timers = new Map<HTMLElement, number>();

  const exposed = (element: HTMLElement) => {
    observer.unobserve(element);
    leave(element);
    track(element.dataset.qqExposure ?? "", propertiesOf(element));
  };
  const leave = (element: HTMLElement) => {
    inView.delete(element);
    pause(element);
  };
  const pause = (element: HTMLElement) => {
    clearTimeout(timers.get(element));
    timers.delete(element);
  };
  const arm = (element: HTMLElement) => {
    if (document.visibilityState === "visible" && !timers.has(element))
      timers.set(element, window.setTimeout(() => exposed(element), SEEN_MS));
  };
  const observer = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        const element = entry.target as HTMLElement;
        if (isInSight(entry)) {
          inView.add(element);
          arm(element);
        } else leave(element);
      }
    },
    { threshold: SHARES },
  );
  const scan = () => {
    for (const element of document.querySelectorAll("[data-qq-exposure]")) {
      if (known.has(element)) continue;
      known.add(element);
      observer.observe(element);
    }
  };
  document.addEventListener("visibilitychange", () => inView.forEach(document.visibilityState === "visible" ? arm : pause));
  new MutationObserver(scan).observe(document, { childList: true, subtree: true });
  scan();
}
