/** Changes of many campaigns at once, each of which can be taken back. */

import { replaceDocument } from "@/api/documents/replace";
import { transitionDocument } from "@/api/documents/transition";
import type { CampaignDocument, Item } from "@/api/types";

export type Campaign = Item<CampaignDocument>;
export type Amount = "bid_minor" | "daily_budget_minor";

/** What is to become of one campaign: another content, or another state. */
export type Edit = { document: CampaignDocument } | { to: "publish" | "pause" };

/** A campaign before and after. */
export interface Done {
  before: Campaign;
  after: Campaign;
}

export async function apply(item: Campaign, edit: Edit, reason: string): Promise<Campaign> {
  return "to" in edit ? transitionDocument("campaigns", item.id, edit.to) : replaceDocument("campaigns", item.id, item.revision, edit.document, reason);
}

/** Back to what it was, as a new revision. Refused where somebody changed it since. */
export async function revert({ before, after }: Done, reason: string): Promise<void> {
  if (before.state !== after.state) await transitionDocument("campaigns", before.id, before.state === "live" ? "publish" : "pause");
  else await replaceDocument("campaigns", before.id, after.revision, before.document, reason);
}

/** An amount after so many percent more or less, in whole minor units and never below one. */
export const scaled = (minor: number, percent: number): number => Math.max(1, Math.round(minor * (1 + percent / 100)));

/** The edit that scales an amount; null where that changes nothing. */
export function scaling(item: Campaign, amount: Amount, percent: number): Edit | null {
  const next = scaled(item.document[amount], percent);
  return next === item.document[amount] ? null : { document: { ...item.document, [amount]: next } };
}

/** The edit that moves a campaign; null where it is there already. */
export function moving(item: Campaign, to: "publish" | "pause"): Edit | null {
  return item.state === (to === "publish" ? "live" : "paused") || item.state === "archived" || (to === "pause" && item.state === "draft") ? null : { to };
}
