/** Draws an ad: its picture, its card, its frame; with its label, why it is shown, and how to close it. */
import { tellStep } from "./tell";
import type { Ad } from "./types";
import { playing } from "./video";
import type { Words } from "./words";

type Part = Node | string | undefined;

/** Makes an element; text of ads is only ever text. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  given: Partial<HTMLElementTagNameMap[K]> = {},
  ...parts: Part[]
): HTMLElementTagNameMap[K] {
  const element = Object.assign(document.createElement(tag), given);
  element.append(...parts.filter((part) => part !== undefined));
  return element;
}

/** What a screen reader says; by attributes, since older web views know no properties for them. */
export function say<T extends Element>(element: T, said: Record<string, string>): T {
  for (const [name, value] of Object.entries(said)) element.setAttribute(name, value);
  return element;
}

/** Only addresses that a page may show: whole ones of the web, and those of the server itself. */
const address = (origin: string, url: string): string => {
  const whole = new URL(url, origin);
  return /^https?:$/.test(whole.protocol) ? whole.href : "about:blank";
};

function picture(origin: string, ad: Ad, isAlone: boolean): HTMLImageElement | undefined {
  const { image, title } = ad;
  if (!image) return undefined;
  const made = make("img", { alt: isAlone ? title : "", decoding: "async" });
  if (image.width && image.height) Object.assign(made, { width: image.width, height: image.height });
  const sources = image.width ? [{ url: image.url, width: image.width }, ...(image.sources ?? [])] : image.sources ?? [];
  if (sources.length) {
    made.sizes = "auto, 100vw";
    made.loading = "lazy";
    made.srcset = sources.map(({ url, width }) => `${address(origin, url)} ${width}w`).join();
  }
  made.onerror = () => tellStep(origin, ad, "error", "image");
  made.src = address(origin, image.url);
  return made;
}

const link = (origin: string, ad: Ad, className: string, ...parts: Part[]): HTMLAnchorElement =>
  make("a", { href: origin + ad.tracking.click, target: "_blank", rel: "noopener sponsored", className }, ...parts);

function frame(origin: string, ad: Ad, html: string): HTMLIFrameElement {
  const made = make("iframe", { title: ad.title });
  // Scripts of the ad run as of nobody: they reach neither the page nor its storage.
  made.setAttribute("sandbox", "allow-scripts allow-popups allow-popups-to-escape-sandbox");
  made.srcdoc = html.split("{click_url}").join(origin + ad.tracking.click);
  return made;
}

function body(origin: string, ad: Ad, words: Words): HTMLElement {
  if (ad.html) return frame(origin, ad, ad.html);
  if (ad.video && (ad.format === "video" || (ad.format === "feed" && !ad.image)))
    return make("div", {}, playing(origin, ad, address(origin, ad.video.url)), link(origin, ad, "more", words.more));
  const alone = picture(origin, ad, true);
  if (ad.format === "banner" && alone) return link(origin, ad, "", alone);
  const by = ad.kind === "ad" ? make("span", { className: "by" }, ad.advertiser) : undefined;
  const text = make("span", {}, make("span", { className: "title" }, ad.title), make("br"), by);
  const isTall = ad.format === "product_card" || ad.format === "feed";
  return link(origin, ad, isTall ? "card tall" : "card", picture(origin, ad, false), text);
}

/** The label opens why the ad is shown; Escape closes that again. */
function bar(ad: Ad, words: Words): HTMLElement[] {
  const reasons = ad.reasons.map((reason) => make("li", {}, words[reason as keyof Words] ?? reason));
  const by = ad.kind === "ad" ? make("p", {}, `${words.by}: ${ad.advertiser}`) : undefined;
  const why = make("div", { className: "why", hidden: true }, make("strong", {}, words.why), by, make("ul", {}, ...reasons));
  const label = make("button", { type: "button" }, words.ad);
  const turn = (isOpen: boolean) => {
    why.hidden = !isOpen;
    say(label, { "aria-expanded": String(isOpen) });
  };
  label.title = words.why;
  label.onclick = () => turn(why.hidden);
  label.onkeydown = ({ key }) => void (key === "Escape" && turn(false));
  turn(false);
  return [make("div", { className: "bar" }, label), why];
}

/** Returns the ad, ready to be put into its place. */
export function draw(origin: string, ad: Ad, words: Words, close: () => void): HTMLElement {
  const x = make("button", { type: "button", className: "x", onclick: close, title: words.close }, "×");
  say(x, { "aria-label": words.close });
  const made = make("div", { className: "ad" }, body(origin, ad, words), ...bar(ad, words), x);
  return say(made, { role: "complementary", "aria-label": `${words.ad}: ${ad.title}` });
}

export const gone = (words: Words): HTMLElement => say(make("div", { className: "gone" }, words.closed), { role: "status" });
