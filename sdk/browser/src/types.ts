/** What callers give and get. Names and values travel in calls of the Segment protocol. */

export type Purpose = "analytics" | "personalization" | "advertising";

export const PURPOSES: readonly Purpose[] = ["analytics", "personalization", "advertising"];

export type Values = Record<string, unknown>;

export interface Settings {
  /** Address of the system, such as `https://events.example.com`. By default where the script came from. */
  endpoint?: string;
  /** `"required"`: nothing is stored or sent before `consent()` names a purpose. A list: what was agreed to. */
  consent?: "required" | readonly Purpose[];
  /** Page views by themselves, at load and when the address changes. */
  pages?: boolean;
  /** Clicks on links and on elements with `data-qq-event`. */
  clicks?: boolean;
  /** Exposures of elements with `data-qq-exposure`. */
  exposures?: boolean;
  /** Domain of the cookie, such as `.example.com`, to know a browser on all of its hosts. */
  cookieDomain?: string;
  /** Send at once when so many events wait. */
  flushAt?: number;
  /** Send at the latest after so long, in milliseconds. */
  flushEveryMs?: number;
  /** So many events are kept while there is no connection; then the oldest goes, and is counted. */
  queueMax?: number;
}

/** What a single call may say differently. */
export interface CallOptions {
  messageId?: string;
  timestamp?: string;
  context?: Values;
}

/** A call before it knows whose it is and what was agreed to. */
export interface Call extends Values {
  type: "track" | "page" | "identify" | "group" | "alias";
  context: Values;
}
