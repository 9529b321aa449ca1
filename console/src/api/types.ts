/** The API's shapes by the names that the console uses. */

import type { components } from "./published";

type Schemas = components["schemas"];
export type PointsFigures = Schemas["PointsFigures"];
export type CustomerPoints = Schemas["CustomerPoints"];
export type PointsMove = Schemas["PointsMove"];
export type Approval = Schemas["Approval"];
export type PointsAdjustment = Schemas["Adjustment"];
export type AskedAdjustment = Schemas["AskedAdjustment"];
export type PointsCourse = Schemas["PointsCourse"];
export type PointsCourseQuestion = Schemas["PointsCourseQuestion"];
export type MemberTier = Required<Schemas["MemberTier"]>;
type PublishedProgramme = Required<Schemas["PointsProgrammeDocument"]>;
/** A points programme as the form holds it: every part is there. */
export type PointsProgrammeDocument = Omit<PublishedProgramme, "points_name" | "worth" | "tiers"> & { points_name: Required<PublishedProgramme["points_name"]>; worth: Required<PublishedProgramme["worth"]>; tiers: MemberTier[] };
export type PointsProgramme = Item<PointsProgrammeDocument>;
/** A referral programme as the form holds it: every part is there. */
export type ReferralProgrammeDocument = Required<Schemas["ReferralProgrammeDocument"]>;
export type ReferralProgramme = Item<ReferralProgrammeDocument>;
export type ReferralFigures = Schemas["ReferralFigures"];
export type Referral = Schemas["ReferralView"];
export type AdvertiserDocument = Required<Schemas["Advertiser"]>;
export type Advertiser = Item<AdvertiserDocument>;
export type Wallet = Schemas["AdvertiserWallet"];
export type Payment = Schemas["PaymentView"];
export type NewPayment = Schemas["NewPayment"];
export type Invoice = Schemas["Invoice"];
export type InvoiceLine = Schemas["InvoiceLine"];
export type PromotionCalendar = Schemas["CalendarView"];
export type CalendarOverlap = Schemas["OverlapView"];
export type Effect = Schemas["Effect"];
export type Effects = Schemas["Effects"];
export type EffectRow = Schemas["EffectRow"];
export type EffectReconciliation = Schemas["queqiao.measure.promotion_effect.contracts.Reconciliation"];
export type DraftPromotion = Schemas["InlinePromotion"];
export type LowestPrices = Schemas["LowestPrices"];
export type LowestPrice = Schemas["LowestPriceOf"];
export type RuleFindings = Schemas["FindingList"];
export type OrderReplay = Schemas["OrderReplayView"];
export type Source = Schemas["SourceView"];
export type PipelineState = Schemas["PipelineView"];
export type BadRowGroup = Schemas["BadRowGroupView"];
export type BadRowGroupDetail = Schemas["BadRowGroupDetail"];
export type OriginalRow = Schemas["OriginalRow"];
export type EventSchema = Schemas["EventSchemaView"];
export type EventSchemaDetail = Schemas["EventSchemaDetail"];
export type PiiField = Schemas["PiiField"];
export type SchemaTrial = Schemas["SchemaTrialView"];
export type Correction = Schemas["CorrectedLine"];
export type SeriesView = Schemas["SeriesView"];
export type SeriesQuestion = Schemas["SeriesQuery"];
export type Line = Schemas["LineOut"];
export type QuoteLine = Schemas["QuotedLine"];
export type Quote = Schemas["Quote"];
export type Product = Schemas["Product"];
export type Role = User["role"];
export type User = Schemas["UserView"];
export type Session = Schemas["queqiao.operate.contracts.SessionView"];
export type Profile = Schemas["queqiao.profile.people.Profile"];
export type SegmentPreview = Schemas["Preview"];
export type Why = Schemas["WhyResponse"];
export type SystemState = Schemas["SystemView"];
export type AuditEntry = Schemas["AuditView"];
export type Key = Schemas["KeyView"];
export type NewKey = Schemas["NewKeyView"];
export type Delivery = Schemas["Delivery"];
export type Shop = Schemas["ShopView"];
/** What lies in the log always has its offset. */
export type StoredEvent = Schemas["PublicEnvelope"] & { offset: number };
/** The document says "any" of a cell: it is a word, a number or nothing. */
export type Report = Omit<Schemas["Report"], "rows"> & { rows: (string | number | null)[][] };

export type DocumentState = "draft" | "live" | "paused" | "archived";

export interface Item<D> {
  id: string;
  revision: number;
  state: DocumentState;
  document: D;
  created_at: string;
  updated_at: string;
  updated_by: string | null;
}

export interface Page<T> {
  items: T[];
  next_cursor?: string | null;
}

export interface Revision<D> {
  revision: number;
  state: DocumentState;
  document: D;
  at: string;
  by: string | null;
  reason: string | null;
  changes: { path: string; before?: unknown; after?: unknown }[];
}

type PublishedPromotion = Schemas["PromotionDocument"];
export type Benefit = PublishedPromotion["benefit"];
export type Mechanic = NonNullable<PublishedPromotion["mechanic"]>;
export type Condition = Schemas["Condition"];
export type Scope = Schemas["Scope"];
export type Tier = Schemas["Tier"];

/** A promotion as the forms hold it: every part is there, also where the stored document leaves it out. */
export type PromotionDocument = PublishedPromotion & Required<Pick<PublishedPromotion, "scope" | "condition" | "limits" | "funding" | "starts_at" | "ends_at" | "priority" | "exclusive" | "code_batch">>;

export type Creative = Schemas["Creative"];
export type Cap = Schemas["Cap"];

type PublishedCampaign = Schemas["Campaign"];
export type BidStrategy = NonNullable<PublishedCampaign["strategy"]>;

/** A campaign as the forms hold it; what they do not show (`exchange`) goes through unchanged. */
export type CampaignDocument = Omit<PublishedCampaign, "targeting" | "creatives"> &
  Required<Pick<PublishedCampaign, "starts_at" | "ends_at" | "caps" | "exchange">> & {
    targeting: { segments_any?: string[]; channels_any?: string[]; expression?: Record<string, unknown> | null };
    creatives: Creative[];
  };

export type PlacementDocument = Schemas["Placement"];

/** What an advertiser has agreed to buy beside the open auction. */
export type DealDocument = Schemas["queqiao.decide.ads.inventory.deal.Deal"];

export type Expression =
  | { all: Expression[] }
  | { any: Expression[] }
  | { not: Expression }
  | { field: string; op: string; value: unknown; category?: string };

export interface SegmentDocument {
  name: string;
  description?: string;
  expression: Expression;
}

/** Coupons that belong to customers. */
export type PersonalCoupons = components["schemas"]["PersonalCoupons"];

export interface CouponBatchDocument {
  name: string;
  prefix?: string;
  count?: number | null;
  codes?: string[] | null;
  uses_per_code: number;
  uses_per_customer: number | null;
  uses_total: number | null;
  personal?: PersonalCoupons | null;
  lock_minutes?: number;
  return_on_refund?: "never" | "if_unexpired" | "always";
  return_valid_days?: number | null;
  starts_at: string | null;
  ends_at: string | null;
}

export interface WebhookDocument {
  name: string;
  url: string;
  events: string[];
  secret?: string;
}

/** JSON Schema 2020-12 of what an event's properties (or a person's traits) must look like. */
export interface EventSchemaDocument {
  name: string;
  schema: Record<string, unknown>;
  part?: "properties" | "traits";
  mode?: "strict" | "lenient";
  description?: string;
}

/** A page of blocks at `/p/{slug}`. */
export type LandingPageDocument = Schemas["LandingPageDocument"];
export type LandingBlock = LandingPageDocument["blocks"][number];
export type LandingImage = Schemas["ImageView"];
export type Finding = Schemas["Finding"];

/** A flash sale as the form holds it: every part is there, also where the stored document leaves it out. */
type PublishedFlashSale = Schemas["FlashSaleDocument"];
export type SoldItem = Schemas["Item"];
export type FlashSaleDocument = PublishedFlashSale & Required<Pick<PublishedFlashSale, "sessions" | "currency" | "customer_limits" | "reservation_expires_after_s" | "warm_up_s">>;
export type FlashSaleState = Schemas["SaleState"];
export type FlashSaleBooks = Schemas["queqiao.decide.promotions.flash_sales.reconciling.Reconciliation"];
export type Cockpit = Schemas["Cockpit"];

export type BatchStatistics = Schemas["BatchStatistics"];
export type CouponCode = Schemas["CodeView"];
export type NewVoid = Schemas["NewVoid"];
export type VoidList = Schemas["VoidList"];
export type NewGift = Schemas["NewGift"];
export type Gift = Schemas["GiftView"];

/** Each kind of document by its path under `/api/v1/`. */
export interface Documents {
  promotions: PromotionDocument;
  campaigns: CampaignDocument;
  placements: PlacementDocument;
  deals: DealDocument;
  advertisers: AdvertiserDocument;
  segments: SegmentDocument;
  "coupon-batches": CouponBatchDocument;
  webhooks: WebhookDocument;
  "event-schemas": EventSchemaDocument;
  "landing-pages": LandingPageDocument;
  "flash-sales": FlashSaleDocument;
  "points-programmes": PointsProgrammeDocument;
  "referral-programmes": ReferralProgrammeDocument;
}
export type Kind = keyof Documents;
