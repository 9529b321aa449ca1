/** What an event says about the page it happened on. */
import type { Values } from "./types";

const CAMPAIGN: Record<string, string> = {
  utm_source: "source",
  utm_medium: "medium",
  utm_campaign: "name",
  utm_term: "term",
  utm_content: "content",
  utm_id: "id",
};
const CLICK_IDS = ["gclid", "wbraid", "gbraid", "fbclid", "msclkid", "ttclid", "bd_vid", "qhclickid"];

let referrer = document.referrer;
let here = location.href;

/** Notes where the shopper is; says whether that is another page (another path or query) than before. */
export function moved(): boolean {
  const before = here;
  here = location.href;
  if (before.split("#")[0] === here.split("#")[0]) return false;
  referrer = before;
  return true;
}

function campaign(): Values | undefined {
  const found: Values = {};
  new URLSearchParams(location.search).forEach((value, name) => {
    const key = CAMPAIGN[name] ?? (CLICK_IDS.includes(name) ? name : undefined);
    if (key && value) found[key] = value;
  });
  return Object.keys(found).length ? found : undefined;
}

export const pageProperties = (): Values => ({
  url: location.href,
  path: location.pathname,
  search: location.search,
  title: document.title,
  referrer,
});

export const pageContext = (): Values => ({
  channel: "web",
  library: { name: "queqiao.js", version: "0.1.0" },
  page: pageProperties(),
  campaign: campaign(),
  userAgent: navigator.userAgent,
  locale: navigator.language,
  timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  screen: { width: screen.width, height: screen.height, density: devicePixelRatio },
});
