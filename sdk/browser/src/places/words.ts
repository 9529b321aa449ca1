/** What shoppers read, in the page's language. */

const ZH = {
  ad: "广告",
  why: "为什么看到它",
  close: "关闭广告",
  closed: "广告已关闭",
  by: "广告主",
  more: "了解详情",
  placement: "它投放在这个位置",
  audience: "它投给你所在的人群",
  conditions: "它与页面、地点或时间相符",
  house: "这是本店自己的推广",
};

const EN: typeof ZH = {
  ad: "Ad",
  why: "Why this ad",
  close: "Close the ad",
  closed: "Ad closed",
  by: "Advertiser",
  more: "Learn more",
  placement: "It is booked for this place",
  audience: "It is for a group that you are in",
  conditions: "It fits the page, the place or the hour",
  house: "It is the shop's own",
};

export type Words = typeof ZH;

export const words = (): Words => (/^zh/i.test(document.documentElement.lang || navigator.language) ? ZH : EN);
