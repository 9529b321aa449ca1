// Drives @segment/analytics-node: node segment_node.mjs HOST WRITE_KEY
import { Analytics } from "@segment/analytics-node";

const [host, writeKey] = process.argv.slice(2);
const analytics = new Analytics({ writeKey, host, flushAt: 3, maxRetries: 5 });
const failures = [];
analytics.on("error", (error) => failures.push(String(error.reason ?? error)));

const timestamp = new Date("2026-06-18T10:00:00.123Z");
analytics.identify({ userId: "u1", traits: { plan: "金牌" } });
analytics.track({
  userId: "u1",
  event: "Product Viewed",
  properties: { sku: "保温杯", price: 18.9, currency: "CNY" },
  timestamp,
});
analytics.track({ anonymousId: "a1", event: "Checked Out", properties: { deep: [1, { a: 2 }] } });
analytics.page({ userId: "u1", name: "Home", properties: { path: "/" } });
analytics.screen({ userId: "u1", name: "Cart" });
analytics.group({ userId: "u1", groupId: "g1", traits: { name: "Initech" } });
analytics.alias({ userId: "u1", previousId: "a1" });
await analytics.closeAndFlush({ timeout: 20000 });
console.log(JSON.stringify(failures));
