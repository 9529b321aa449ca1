import type { DealDocument } from "@/api/types";

const MILLE = 1_000;

/** What all impressions of a promise cost. */
export const cost = ({ impressions, cpm_minor }: DealDocument): number => Math.round(((impressions ?? 0) * cpm_minor) / MILLE);

/** The deal as one of another kind: what goes with the former kind only is left out. */
export function ofKind({ name, currency, cpm_minor, placements, from_day, to_day, ...former }: DealDocument, kind: DealDocument["kind"]): DealDocument {
  const kept = { name, kind, currency, cpm_minor, ...(placements ? { placements } : {}), ...(from_day ? { from_day } : {}), ...(to_day ? { to_day } : {}) };
  const stays = (former.kind === "guaranteed") === (kind === "guaranteed");
  return stays ? { ...former, ...kept } : kept;
}
