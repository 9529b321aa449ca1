/** The API's shapes by the names that the console uses. */

import type { components } from "./published";

type Schemas = components["schemas"];
export type Source = Schemas["SourceView"];
export type PipelineState = Schemas["PipelineView"];
export type BadRowGroup = Schemas["BadRowGroupView"];
export type BadRowGroupDetail = Schemas["BadRowGroupDetail"];
export type OriginalRow = Schemas["OriginalRow"];
export type EventSchema = Schemas["EventSchemaView"];
export type EventSchemaDetail = Schemas["EventSchemaDetail"];
export type PiiField = Schemas["PiiField"];
export type SchemaTrial = Schemas["SchemaTrialView"];
export type Correction = Schemas["Line"];
export type SeriesView = Schemas["SeriesView"];
export type SeriesQuestion = Schemas["SeriesQuery"];
export type Line = Schemas["LineOut"];

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

export interface Tier {
  at_least: number;
  discount: number;
}

export type Benefit =
  | { type: "threshold"; tiers: Tier[]; repeat: boolean; cap: number | null }
  | { type: "percent"; percent: string; cap: number | null }
  | { type: "fixed"; amount: number };

export interface PromotionDocument {
  name: string;
  starts_at: string | null;
  ends_at: string | null;
  priority: number;
  exclusive: boolean;
  scope: { skus?: string[]; categories?: string[]; brands?: string[]; shops?: string[]; tags?: string[] };
  condition: {
    subtotal_at_least?: number | null;
    quantity_at_least?: number | null;
    segments_any?: string[];
    channels_any?: string[];
  };
  benefit: Benefit;
  code_batch: string | null;
  currency?: string | null;
  limits: { total: number | null; per_customer: number | null };
  funding: { platform: number; shop: number; brand: number };
}

export interface Creative {
  id: string;
  title: string;
  landing_url: string;
  image_url?: string | null;
  sku?: string | null;
}

export interface CampaignDocument {
  name: string;
  advertiser: string;
  placements: string[];
  bid_minor: number;
  currency: string;
  daily_budget_minor: number;
  targeting: { segments_any?: string[]; channels_any?: string[] };
  creatives: Creative[];
  starts_at: string | null;
  ends_at: string | null;
}

export interface PlacementDocument {
  name: string;
  floor_minor: number;
  currency: string;
}

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

export interface CouponBatchDocument {
  name: string;
  prefix?: string;
  count?: number | null;
  codes?: string[] | null;
  uses_per_code: number;
  uses_per_customer: number | null;
  uses_total: number | null;
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

/** Each kind of document by its path under `/api/v1/`. */
export interface Documents {
  promotions: PromotionDocument;
  campaigns: CampaignDocument;
  placements: PlacementDocument;
  segments: SegmentDocument;
  "coupon-batches": CouponBatchDocument;
  webhooks: WebhookDocument;
  "event-schemas": EventSchemaDocument;
}
export type Kind = keyof Documents;

export interface QuoteLine {
  id: string;
  sku: string;
  quantity: number;
  unit_price: number;
  discount: number;
  total: number;
  applied: { promotion_id: string; amount: number }[];
}

export interface Quote {
  totals: { items: number; discount: number; shipping: number; total: number };
  lines: QuoteLine[];
  applied: { promotion_id: string; name?: string; code?: string | null; amount: number }[];
  refused: {
    promotion_id: string | null;
    name?: string | null;
    code?: string | null;
    reason: string;
    shortfall?: number | null;
    shortfall_unit?: "minor" | "unit" | null;
  }[];
  suggestions?: { promotion_id: string; add: { sku: string; quantity: number }[]; cost: number; saves: number }[];
}

export interface Report {
  columns: { name: string; kind: "dimension" | "metric"; unit?: string | null; title?: Record<string, string> }[];
  rows: (string | number | null)[][];
  watermark: string | null;
  watermark_offset: number;
  /** The offset that gives the same numbers again. */
  as_of: number;
  definitions?: Record<string, unknown>;
}

export interface Product {
  product_id: string;
  name: string;
  brand?: string | null;
  category?: string[] | string | null;
  skus: { sku: string; price_minor: number; stock?: number | null; currency: string }[];
}

export type Role = "owner" | "operator" | "viewer";

export interface User {
  id: string;
  email: string;
  name: string;
  role: Role;
  disabled?: boolean;
  has_password?: boolean;
}

export interface Session {
  user: User;
  csrf_token: string;
}

export interface StoredEvent {
  offset: number;
  message_id: string;
  type: string;
  event?: string | null;
  anonymous_id?: string | null;
  user_id?: string | null;
  timestamp: string;
  received_at: string;
  source: string;
  context?: unknown;
  properties?: unknown;
  traits?: unknown;
}

export interface BadRow {
  id: string;
  received_at: string;
  source: string;
  code: string;
  path: string;
  reason: string;
  size: number;
  text: string | null;
  replayed_as: string | null;
}

export interface Profile {
  person_id: string;
  demographics: Record<string, unknown>;
  recency_days: number | null;
  first_seen?: string;
  last_seen?: string;
  visits?: number;
  orders: number;
  spent_minor: number;
  currency: string | null;
  category_interest: { category: string; share: number }[];
  segments: string[];
  timeline: ({ timestamp: string; type?: string; event?: string } & Record<string, unknown>)[];
  as_of: string | null;
}

export interface SegmentPreview {
  count: number;
  total: number;
  sample: Record<string, unknown>[];
  watermark: string | null;
}

export interface Why {
  decision: Record<string, unknown>;
  candidates: {
    campaign_id: string;
    outcome: "won" | "lost" | "filtered";
    reason: string | null;
    bid_minor: number | null;
    score: number | null;
    propensity: number | null;
  }[];
  replay: { equal: boolean };
}

export interface SystemState {
  roles: {
    name: string;
    pid: number;
    state: string;
    started_at: string;
    restarts: number;
    memory_bytes: number | null;
  }[];
  /** Proportional set size of all processes. */
  memory_bytes: number;
  log_end: number;
  loaded: number;
  lag_events: number;
  version: string;
  /** The operator's database of addresses, without which events have no region. */
  ip_database: "absent" | "ready" | "unreadable";
}

export interface AuditEntry {
  id: number;
  at: string;
  actor: string;
  actor_name?: string;
  action: string;
  target_kind?: string;
  target_id?: string;
  summary?: string;
  changes?: { path: string; before?: unknown; after?: unknown }[];
  address?: string;
  trace_id?: string;
}

export interface Key {
  id: string;
  name: string;
  scope: "admin" | "intake" | "decide" | "read";
  source: string;
  hint: string;
  created_at: string;
  created_by: string;
  revoked_at: string | null;
}

export interface NewKey {
  key: Key;
  /** Null where the answer to a repeated question is given again. */
  secret: string | null;
}

export interface Delivery {
  id: string;
  webhook_id: string;
  event: string;
  event_offset: number;
  status: "pending" | "delivered" | "failed";
  attempts: number;
  next_attempt_at: string | null;
  response_status: number | null;
  error: string;
  created_at: string;
  finished_at: string | null;
}

export interface Shop {
  name: string;
  timezone: string;
  currency: string;
}
