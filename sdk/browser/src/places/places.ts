/** The places of a page: each is filled once, when it comes near what is seen. */
import { SEEN_MS, VIDEO_SEEN_MS } from "../mrc";
import { ask, PLACES_MAX } from "./ask";
import { draw, gone } from "./draw";
import { whenSeen } from "./seen";
import { dress } from "./style";
import { tell, tellStep } from "./tell";
import type { Ad, Shop } from "./types";
import { words } from "./words";

const SELECTOR = "[data-queqiao-placement]";
const NEAR = "300px";

/** `waiting`, `asking`, `filled`, `empty` or `closed`: a page may style its places by it. */
type State = "waiting" | "asking" | "filled" | "empty" | "closed";

export function createPlaces(shop: Shop) {
  const known = new WeakSet<HTMLElement>();
  const stops = new WeakMap<HTMLElement, () => void>();
  let near: HTMLElement[] = [];

  const observer =
    "IntersectionObserver" in window
      ? new IntersectionObserver((entries) => entries.forEach(({ isIntersecting, target }) => isIntersecting && come(target as HTMLElement)), {
          rootMargin: NEAR,
        })
      : undefined;

  const mark = (place: HTMLElement, state: State) => (place.dataset.queqiaoState = state);

  /** Room is kept before anything comes, so that nothing moves when it does. */
  function reserve(place: HTMLElement): void {
    const [, width, height] = place.dataset.queqiaoSize?.match(/^(\d+)x(\d+)$/) ?? [];
    if (!width || !height) return;
    place.style.aspectRatio ||= `${width} / ${height}`;
    place.style.maxWidth ||= `${width}px`;
  }

  /** What comes near in one turn is asked for together. */
  function come(place: HTMLElement): void {
    observer?.unobserve(place);
    if (!near.push(place) || near.length > 1) return;
    setTimeout(() => {
      const places = near;
      near = [];
      for (let at = 0; at < places.length; at += PLACES_MAX) void fill(places.slice(at, at + PLACES_MAX));
    });
  }

  async function fill(places: HTMLElement[]): Promise<void> {
    const counts = new Map<string, number>();
    for (const place of places) {
      mark(place, "asking");
      const id = place.dataset.queqiaoPlacement ?? "";
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    const ads = await ask(shop, counts);
    for (const place of places) {
      const at = ads.findIndex(({ placement }) => placement === place.dataset.queqiaoPlacement);
      const [ad] = at < 0 ? [] : ads.splice(at, 1);
      if (ad) show(place, ad);
      else leave(place);
    }
  }

  function show(place: HTMLElement, ad: Ad): void {
    const root = clear(place);
    const close = () => {
      tellStep(shop.origin, ad, "close");
      clear(place).replaceChildren(gone(words()));
      mark(place, "closed");
    };
    const drawn = draw(shop.origin, ad, words(), close);
    // A place without room of its own grows with its ad.
    const box = document.createElement("div");
    box.className = place.clientHeight ? "" : "flow";
    box.append(drawn);
    root.append(box);
    mark(place, "filled");
    tell(shop.origin, ad.tracking.impression);
    const lengthMs = ad.video && !ad.image ? VIDEO_SEEN_MS : SEEN_MS;
    stops.set(
      place,
      whenSeen(drawn, lengthMs, () => tell(shop.origin, ad.tracking.view)),
    );
  }

  function clear(place: HTMLElement): ShadowRoot {
    stops.get(place)?.();
    const root = place.shadowRoot ?? place.attachShadow({ mode: "open" });
    root.replaceChildren();
    dress(root);
    return root;
  }

  /** An empty place gives its room back only where nobody sees it go. */
  function leave(place: HTMLElement): void {
    if (place.shadowRoot) clear(place);
    mark(place, "empty");
    if (place.getBoundingClientRect().top > innerHeight) place.style.display = "none";
  }

  function wait(place: HTMLElement): void {
    place.style.removeProperty("display");
    mark(place, "waiting");
    if (observer) observer.observe(place);
    else come(place);
  }

  function scan(): void {
    for (const place of document.querySelectorAll<HTMLElement>(SELECTOR)) {
      if (known.has(place)) continue;
      known.add(place);
      reserve(place);
      wait(place);
    }
  }

  new MutationObserver(scan).observe(document, { childList: true, subtree: true });
  scan();
  return {
    /** Asks again for a place, or for all of them; those that were closed stay closed. */
    refresh(id?: string): void {
      for (const place of document.querySelectorAll<HTMLElement>(SELECTOR)) {
        const { queqiaoPlacement, queqiaoState } = place.dataset;
        const isDone = queqiaoState === "filled" || queqiaoState === "empty";
        if (isDone && (id === undefined || id === queqiaoPlacement)) wait(place);
      }
    },
  };
}
