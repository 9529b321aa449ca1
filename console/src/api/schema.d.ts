/** Paths of the API in the shape that openapi-typescript writes; `npm run api` rewrites this file. */
import type * as t from "./types";

type Answer<T> = { responses: { 200: { headers: Record<string, string>; content: { "application/json": T } } } };
type Query<Q> = { parameters: { query?: Q; path?: never; header?: never; cookie?: never } };
type Path<P> = { parameters: { path: P; query?: Record<string, string>; header?: Record<string, string>; cookie?: never } };
type Plain = { parameters: { query?: Record<string, string>; header?: Record<string, string>; path?: never; cookie?: never } };
type Body<B> = { requestBody: { content: { "application/json": B } } };
type List = { state?: string; query?: string; limit?: number; cursor?: string };
type Id = Path<{ id: string }>;
type Draft = { id?: string; document: t.PromotionDocument };
type Anything = Record<string, unknown>;

export interface paths {
  "/api/v1/session": {
    get: Plain & Answer<t.Session>;
    post: Plain & Body<{ email: string; password: string } | { token: string }> & Answer<t.Session>;
    delete: Plain & Answer<null>;
  };
  "/api/v1/promotions": {
    get: Query<List> & Answer<t.Page<t.Item<t.PromotionDocument>>>;
    post: Plain & Body<Draft> & Answer<t.Item<t.PromotionDocument>>;
  };
  "/api/v1/promotions/{id}": {
    get: Id & Answer<t.Item<t.PromotionDocument>>;
    put: Id & Body<{ document: t.PromotionDocument; reason?: string }> & Answer<t.Item<t.PromotionDocument>>;
  };
  "/api/v1/promotions/{id}/publish": { post: Id & Answer<t.Item<t.PromotionDocument>> };
  "/api/v1/promotions/{id}/history": { get: Id & Answer<t.Page<t.Revision<t.PromotionDocument>>> };
  "/api/v1/promotions/quote": { post: Plain & Body<Anything> & Answer<t.Quote> };
  "/api/v1/reports/query": { post: Plain & Body<Anything> & Answer<t.Report> };
  "/api/v1/metrics": { get: Plain & Answer<unknown> };
  "/api/v1/products": { get: Query<{ query?: string; category?: string; limit?: number; cursor?: string }> & Answer<t.Page<t.Product>> };
  "/api/v1/segments/preview": { post: Plain & Body<{ expression: t.Expression }> & Answer<t.SegmentPreview> };
  "/api/v1/profiles": { get: Query<{ query?: string; limit?: number }> & Answer<t.Page<Anything>> };
  "/api/v1/profiles/{id}": { get: Id & Answer<t.Profile> };
  "/api/v1/decisions/{id}/why": { get: Id & Answer<t.Why> };
  "/api/v1/events": { get: Query<{ message_id?: string; after?: number; limit?: number; event?: string }> & Answer<t.Page<t.StoredEvent>> };
  "/api/v1/receipts/{id}": { get: Id & Answer<Anything> };
  "/api/v1/bad-rows": { get: Query<{ limit?: number; cursor?: string }> & Answer<t.Page<t.BadRow>> };
  "/api/v1/bad-rows/replay": {
    post: Plain & Body<{ ids: string[] }> & Answer<{ replayed: number; refused: { id: string; reason: string }[] }>;
  };
  "/api/v1/system": { get: Plain & Answer<t.SystemState> };
  "/api/v1/shop": { get: Plain & Answer<t.Shop> };
  "/api/v1/users": {
    get: Query<List> & Answer<t.Page<t.User>>;
    post: Plain & Body<{ email: string; name: string; role: string; password?: string }> & Answer<{ user: t.User; token: string | null }>;
  };
  "/api/v1/users/{id}": { patch: Id & Body<{ role?: string; disabled?: boolean }> & Answer<t.User> };
  "/api/v1/audit": { get: Query<List> & Answer<t.Page<t.AuditEntry>> };
  "/api/v1/keys": {
    get: Query<List> & Answer<t.Page<t.Key>>;
    post: Plain & Body<{ name: string; scope: string; source?: string }> & Answer<t.NewKey>;
  };
  "/api/v1/keys/{id}": { delete: Id & Answer<null> };
  "/api/v1/webhook-deliveries": { get: Query<List> & Answer<t.Page<t.Delivery>> };
}
