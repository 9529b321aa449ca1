import { answer, client } from "./client";
import { listDocuments } from "./documents/list";
import { verb } from "./documents/paths";
import type { Approval, AskedAdjustment, Kind, PointsAdjustment } from "./types";

/** Requests for a second person's yes, newest first. */
export const listApprovals = async (): Promise<Approval[]> => (await answer(client.GET("/api/v1/approvals"))).items;

/** Ask another person to allow what is dangerous to have live; it is published in that moment. */
export const askApproval = (kind: Kind, id: string): Promise<unknown> => answer(client.POST(verb(kind, "approval"), { params: { path: { id } }, body: {} }));

/** Ask another person to allow points above one's own day; they are given in that moment. */
export const askAdjustment = (programme: string, body: PointsAdjustment): Promise<unknown> => answer(client.POST("/api/v1/points-programmes/{id}/adjustments/approval", { params: { path: { id: programme } }, body }));

/** The points that wait for a yes, by the approval's target: an approval itself names no customer. */
export async function listAsked(): Promise<Map<string, AskedAdjustment>> {
  const { items: programmes } = await listDocuments("points-programmes", { limit: 200 });
  const found = await Promise.all(programmes.map(({ id }) => answer(client.GET("/api/v1/points-programmes/{id}/adjustments/asked", { params: { path: { id } } }))));
  return new Map(found.flatMap(({ items }) => items.map((one) => [one.id, one])));
}

const DECISIONS = {
  approve: (id: string) => client.POST("/api/v1/approvals/{id}/approve", { params: { path: { id } }, body: {} }),
  reject: (id: string) => client.POST("/api/v1/approvals/{id}/reject", { params: { path: { id } }, body: {} }),
  cancel: (id: string) => client.POST("/api/v1/approvals/{id}/cancel", { params: { path: { id } }, body: {} }),
};
export type Decision = keyof typeof DECISIONS;

/** Allow and do, refuse, or take back one's own request. */
export const decide = (id: number, how: Decision): Promise<Approval> => answer(DECISIONS[how](String(id)));
