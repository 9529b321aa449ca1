/** What the server answers, and what a place is. */

export interface Tracking {
  impression: string;
  view: string;
  click: string;
  step: string;
}

export interface Ad {
  decision_id: string;
  placement: string;
  kind: "ad" | "house";
  format: "banner" | "native" | "video" | "product_card" | "search_keyword" | "feed";
  title: string;
  advertiser: string;
  reasons: string[];
  tracking: Tracking;
  image?: { url: string; width?: number; height?: number; sources?: { url: string; width: number }[] };
  video?: { url: string; mime?: string; width?: number; height?: number; duration_s: number };
  html?: string;
}

/** Where ads are asked for, and as whom. */
export interface Shop {
  origin: string;
  writeKey: string;
  /** The browser's own id; none where its shopper has not agreed to advertising. */
  anonymousId(): string | undefined;
  /** The shop's signed word for its customer. */
  visitor(): string | undefined;
}

/** Steps of an ad, by the server's names. */
export type Step = "close" | "error" | "start" | "firstQuartile" | "midpoint" | "thirdQuartile" | "complete";
