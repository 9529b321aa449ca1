/** The console's documents are the server's: told by the compiler, from the published document. */
import { expect, it } from "vitest";
import type { components } from "../published";
import type { Documents, Item, Kind, Page, Revision } from "../types";
import { KINDS } from "./paths";

type Schemas = components["schemas"];

/** What an answer holds: fields with a default are always there. */
type Whole<T> = T extends (infer One)[] ? Whole<One>[] : T extends object ? { [K in keyof T]-?: Whole<Exclude<T[K], undefined>> } : T;

interface Published {
  promotions: { document: Schemas["PromotionDocument"]; item: Schemas["PromotionItem"]; history: Schemas["PromotionHistory"] };
  campaigns: { document: Schemas["Campaign"]; item: Schemas["CampaignItem"]; history: Schemas["CampaignHistory"] };
  placements: { document: Schemas["Placement"]; item: Schemas["PlacementItem"]; history: Schemas["PlacementHistory"] };
  deals: { document: Schemas["queqiao.decide.ads.inventory.deal.Deal"]; item: Schemas["DealItem"]; history: Schemas["DealHistory"] };
  advertisers: { document: Schemas["Advertiser"]; item: Schemas["AdvertiserItem"]; history: Schemas["AdvertiserHistory"] };
  segments: { document: Schemas["SegmentDocument"]; item: Schemas["SegmentItem"]; history: Schemas["SegmentHistory"] };
  "coupon-batches": { document: Schemas["CouponBatchDocument"]; item: Schemas["CouponBatchItem"]; history: Schemas["CouponBatchHistory"] };
  webhooks: { document: Schemas["WebhookDocument"]; item: Schemas["WebhookItem"]; history: Schemas["WebhookHistory"] };
  "event-schemas": { document: Schemas["EventSchemaDocument"]; item: Schemas["EventSchemaItem"]; history: Schemas["EventSchemaHistory"] };
  "landing-pages": { document: Schemas["LandingPageDocument"]; item: Schemas["LandingPageItem"]; history: Schemas["LandingPageHistory"] };
  "flash-sales": { document: Schemas["FlashSaleDocument"]; item: Schemas["FlashSaleItem"]; history: Schemas["FlashSaleHistory"] };
  "points-programmes": { document: Schemas["PointsProgrammeDocument"]; item: Schemas["PointsProgrammeItem"]; history: Schemas["PointsProgrammeHistory"] };
  "referral-programmes": { document: Schemas["ReferralProgrammeDocument"]; item: Schemas["ReferralProgrammeItem"]; history: Schemas["ReferralProgrammeHistory"] };
}

/** What the server does not spell out: states are words, expressions are free objects. */
type Loose<T> = T extends { state: unknown } ? Omit<T, "state"> & { state: string } : T;

type Takes = { [K in Kind]: Documents[K] extends Published[K]["document"] ? true : [Documents[K], "does not fit", Published[K]["document"]] };
type Gives = { [K in Kind]: Whole<Published[K]["item"]> extends Loose<Item<Pick<Documents[K], "name">>> ? true : ["item", Whole<Published[K]["item"]>] };
type Recalls = { [K in Kind]: Whole<Published[K]["history"]["items"][number]> extends Loose<Revision<Pick<Documents[K], "name">>> ? true : ["history", Whole<Published[K]["history"]>] };
type Whats<K extends Kind> = Exclude<keyof Whole<Published[K]["document"]>, keyof Documents[K]>;
type Unseen = { [K in Kind]: Whats<K> };

const yes = { promotions: true, campaigns: true, placements: true, deals: true, advertisers: true, segments: true, "coupon-batches": true, webhooks: true, "event-schemas": true, "landing-pages": true, "flash-sales": true, "points-programmes": true, "referral-programmes": true } as const;
const takes: Takes = yes;
const gives: Gives = yes;
const recalls: Recalls = yes;
/** Fields that the console does not know would be lost by its editors. */
const unseen: { [K in Kind]: [Unseen[K]] extends [never] ? true : Unseen[K] } = yes;

it("every kind is compared with what the server publishes", () => {
  for (const checked of [takes, gives, recalls, unseen]) expect(Object.keys(checked).sort()).toEqual([...KINDS].sort());
  const page: Page<number> = { items: [] };
  expect(page.items).toEqual([]);
});
