/** Changes of many campaigns at once, each of which can be taken back. */

import type { CampaignWrite, Told } from "@/api/campaigns-bulk";
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

/** How an edit is written; refused where somebody changed the campaign since. */
export const writing = (item: Campaign, edit: Edit): CampaignWrite => ("to" in edit ? { id: item.id, action: edit.to } : { id: item.id, revision: item.revision, document: edit.document });

/** The campaign as it stands after an edit. */
export const edited = (before: Campaign, edit: Edit, told: Told): Campaign => ({
  ...before,
  ...("document" in edit ? edit : {}),
  revision: told.revision ?? before.revision,
  state: (told.state ?? before.state) as Campaign["state"],
});

/** Back to what it was: its former content as a new revision, or its former state. */
export const reverting = ({ before, after }: Done): { item: Campaign; edit: Edit } => ({
  item: after,
  edit: before.state === after.state ? { document: before.document } : { to: before.state === "live" ? "publish" : "pause" },
});

/** An amount after so many percent more or less, in whole minor units and never below one. */
export const scaled = (minor: number, percent: number): number => Math.max(1, Math.round(minor * (1 + percent / 100)));

/** Whether it bids and has a budget of its own: what deals show, and the house's own, do neither. */
export const bids = ({ sold = "auction" }: CampaignDocument): boolean => sold === "auction";

/** The edit that scales an amount; null where that changes nothing. */
export function scaling(item: Campaign, amount: Amount, percent: number): Edit | null {
  const next = scaled(item.document[amount], percent);
  return !bids(item.document) || next === item.document[amount] ? null : { document: { ...item.document, [amount]: next } };
}

/** The edit that moves a campaign; null where it is there already. */
export function moving(item: Campaign, to: "publish" | "pause"): Edit | null {
  return item.state === (to === "publish" ? "live" : "paused") || item.state === "archived" || (to === "pause" && item.state === "draft") ? null : { to };
}
