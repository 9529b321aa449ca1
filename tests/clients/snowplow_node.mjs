// Drives @snowplow/node-tracker: node snowplow_node.mjs HOST APP_ID METHOD [AUTHORIZATION]
import {
  buildAddToCart,
  buildEcommerceTransaction,
  buildEcommerceTransactionItem,
  buildPageView,
  buildSelfDescribingEvent,
  buildStructEvent,
  newTracker,
} from "@snowplow/node-tracker";

const [endpoint, appId, eventMethod, authorization] = process.argv.slice(2);
const answers = [];
const tracker = newTracker(
  { namespace: "test", appId, encodeBase64: eventMethod === "post" },
  {
    endpoint,
    eventMethod,
    bufferSize: eventMethod === "post" ? 50 : 1,
    customHeaders: authorization ? { Authorization: authorization } : undefined,
    customFetch: async (request) => {
      const answer = await fetch(request);
      answers.push(answer.status);
      return answer;
    },
  },
);
const commerce = "iglu:com.snowplowanalytics.snowplow.ecommerce/";
const cake = { id: "SKU-1", name: "月饼", category: "食品", price: 18.9, quantity: 2, currency: "CNY" };

tracker.setUserId("u1");
tracker.setDomainUserId("d1");
tracker.track(buildPageView({ pageUrl: "https://shop.example/a", pageTitle: "首页" }));
tracker.track(
  buildStructEvent({ category: "Mixes", action: "Play", label: "MRC", value: 13.99 }),
);
tracker.track(
  buildSelfDescribingEvent({
    event: { schema: "iglu:com.acme/coupon_shaken/jsonschema/1-0-0", data: { 名: "值" } },
  }),
);
tracker.track(
  buildAddToCart({ sku: "SKU-2", unitPrice: 99.5, quantity: 1, currency: "CNY" }),
);
tracker.track(
  buildSelfDescribingEvent({
    event: {
      schema: `${commerce}snowplow_ecommerce_action/jsonschema/1-0-2`,
      data: { type: "transaction" },
    },
  }),
  [
    {
      schema: `${commerce}transaction/jsonschema/1-0-0`,
      data: { transaction_id: "T2", revenue: 37.8, currency: "CNY", payment_method: "alipay" },
    },
    { schema: `${commerce}product/jsonschema/1-0-0`, data: cake },
  ],
);
if (eventMethod === "post") {
  tracker.track(buildEcommerceTransaction({ orderId: "T1", total: 18.9, currency: "CNY" }));
  tracker.track(
    buildEcommerceTransactionItem({ orderId: "T1", sku: "SKU-1", price: 18.9, quantity: 1 }),
  );
}
await tracker.flush();
console.log(JSON.stringify(answers));
