/** The tag's start: it fills the places of the page that includes it. */
import { createPerson, rememberedConsent } from "../person";
import { createPlaces } from "./places";

const place = window as { queqiaoPlaces?: ReturnType<typeof createPlaces> };
const script = document.currentScript as HTMLScriptElement | null;

/** As the SDK: what was agreed to on this page, else what is remembered. */
function mayKnow(said: string | undefined): boolean {
  const agreed = said === undefined || said === "required" ? rememberedConsent() : said.split(",");
  return agreed ? agreed.some((purpose) => purpose === "advertising") : said !== "required";
}

function start(): void {
  const { qqKey, qqEndpoint } = script?.dataset ?? {};
  // A second copy of the script leaves the first one alone.
  if (place.queqiaoPlaces || !script || !qqKey) return;
  const person = createPerson(script.dataset.qqCookieDomain);
  place.queqiaoPlaces = createPlaces({
    origin: (qqEndpoint ?? new URL(script.src).origin).replace(/\/+$/, ""),
    writeKey: qqKey,
    // Asked each time: a shopper may agree, or take it back, while the page is open.
    anonymousId: () => (mayKnow(script.dataset.qqConsent) ? person.anonymousId() : undefined),
    visitor: () => script.dataset.qqVisitor,
  });
}

try {
  // A page that a browser draws ahead of a click has been seen by nobody yet.
  if ((document as { prerendering?: boolean }).prerendering) document.addEventListener("prerenderingchange", start, { once: true });
  else start();
} catch (error) {
  // An error of ours must never be one of the shop's.
  console.error("queqiao places", error);
}
