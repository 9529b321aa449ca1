/** Code that points a client at this system. The system's address and the key are filled in. */

export const CLIENTS = ["browser", "curl", "python", "pythonSegment", "node", "segmentWeb", "rudder", "posthog", "snowplow", "ga4", "pixel"] as const;
export type Client = (typeof CLIENTS)[number];

const TRACK = `"Product Viewed", { sku: "TEA-100", price_minor: 12800, currency: "CNY" }`;
const CURL_BODY = `{"event": "Product Viewed", "userId": "u-1", "properties": {"sku": "TEA-100", "price_minor": 12800, "currency": "CNY"}}`;

const WRITERS: Record<Client, (key: string, url: string, host: string, scheme: string) => string> = {
  browser: (key, url) => `<script async src="${url}/js/queqiao.js" data-qq-key="${key}"></script>\n<script>\n  window.queqiao = window.queqiao || [];\n  queqiao.push(["track", ${TRACK}]);\n</script>`,
  curl: (key, url) => `curl -u ${key}: ${url}/v1/track \\\n  -H 'Content-Type: application/json' \\\n  -d '${CURL_BODY}'`,
  python: (key, url) => `from queqiao_client import Client\n\nwith Client("${key}", "${url}", spool="/var/lib/shop/events") as queqiao:\n    queqiao.track("Product Viewed", {"sku": "TEA-100", "price_minor": 12800, "currency": "CNY"}, user_id="u-1")`,
  pythonSegment: (key, url) => `import segment.analytics as analytics\n\nanalytics.write_key = "${key}"\nanalytics.host = "${url}"\nanalytics.track("u-1", "Product Viewed", {"sku": "TEA-100", "price": 128.00, "currency": "CNY"})`,
  node: (key, url) => `import { Analytics } from "@segment/analytics-node";\n\nconst analytics = new Analytics({ writeKey: "${key}", host: "${url}" });\nanalytics.track({ userId: "u-1", event: "Product Viewed", properties: { sku: "TEA-100", price: 128, currency: "CNY" } });`,
  segmentWeb: (key, url, host, scheme) => `import { AnalyticsBrowser } from "@segment/analytics-next";\n\nconst analytics = AnalyticsBrowser.load(\n  { writeKey: "${key}", cdnURL: "${url}" },\n  { integrations: { "Segment.io": { apiHost: "${host}/v1", protocol: "${scheme}" } } },\n);\nanalytics.track(${TRACK});`,
  rudder: (key, url) => `import rudderstack.analytics as rudder\n\nrudder.write_key = "${key}"\nrudder.dataPlaneUrl = "${url}"\nrudder.track("u-1", "Product Viewed", {"sku": "TEA-100", "price": 128.00, "currency": "CNY"})`,
  posthog: (key, url) => `from posthog import Posthog\n\nposthog = Posthog("${key}", host="${url}")\nposthog.capture("Product Viewed", distinct_id="u-1", properties={"sku": "TEA-100", "price": 128.00, "currency": "CNY"})`,
  snowplow: (key, url) => `import { buildStructEvent, newTracker } from "@snowplow/node-tracker";\n\nconst tracker = newTracker({ namespace: "shop", appId: "${key}" }, { endpoint: "${url}" });\ntracker.track(buildStructEvent({ category: "shop", action: "Product Viewed", property: "TEA-100" }));`,
  ga4: (key, url) => `curl '${url}/mp/collect?api_secret=${key}&measurement_id=G-SHOP' \\\n  -H 'Content-Type: application/json' \\\n  -d '{"client_id": "a-1", "events": [{"name": "view_item", "params": {"currency": "CNY", "items": [{"item_id": "TEA-100", "price": 128.00}]}}]}'`,
  pixel: (key, url) => `<img src="${url}/px.gif?writeKey=${key}&event=Email%20Opened&userId=u-1" width="1" height="1" alt="">`,
};

/** The lines for one client. */
export function snippet(client: Client, key: string, origin: string): string {
  const { host, protocol } = new URL(origin);
  return WRITERS[client](key, origin, host, protocol.replace(":", ""));
}
