/** Asks for the ads of places, many at once. */
import { pageProperties } from "../page";
import type { Ad, Shop } from "./types";

const WAIT_MS_MAX = 10_000;

/** The server's bounds of one question. */
export const PLACES_MAX = 20;
export const ADS_OF_A_PLACE_MAX = 10;

/** Returns the ads for so many slots of each place; none when the server cannot be asked. */
export async function ask(shop: Shop, counts: Map<string, number>): Promise<Ad[]> {
  const placements = [...counts].map(([id, count]) => ({ id, count: Math.min(count, ADS_OF_A_PLACE_MAX) }));
  const body = JSON.stringify({
    write_key: shop.writeKey,
    placements: placements.slice(0, PLACES_MAX),
    anonymous_id: shop.anonymousId(),
    visitor: shop.visitor(),
    context: { url: String(pageProperties().url).slice(0, 4_000), device: { language: navigator.language } },
  });
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), WAIT_MS_MAX);
  try {
    // As text it is a plain request: no second one has to ask whether it may be sent.
    const answer = await fetch(`${shop.origin}/a/v1/places`, { method: "POST", body, credentials: "omit", signal: stop.signal });
    return answer.ok ? ((await answer.json()) as { ads: Ad[] }).ads : [];
  } catch {
    return [];
  } finally {
    clearTimeout(timer);
  }
}
