/** How much of a targeting the people of the shop can be counted by, and by which expression. */

import type { CampaignDocument, Expression, Item, SegmentDocument } from "@/api/types";
import { type Clause, type Group, type Part, read } from "./tree";

const EVERYONE: Expression = { field: "visits", op: ">=", value: 0 };

export interface Countable {
  expression: Expression;
  /** Conditions that only the moment of an ad can answer. */
  others: number;
}

/** The people whom segments and conditions on segments hold. Null while a segment that is named is not known. */
export function countable(targeting: CampaignDocument["targeting"], segments: Item<SegmentDocument>[]): Countable | null {
  const known = new Map(segments.map((item) => [item.id, item.document.expression]));
  const chosen = targeting.segments_any ?? [];
  const root = read(targeting.expression);
  if (![...chosen, ...(root ? namesIn(root) : [])].every((id) => known.has(id))) return null;
  const of = (id: string): Expression => known.get(id) ?? EVERYONE;
  const needs = root ? neededParts(root) : [];
  const counted = needs.map((part) => convert(part, of));
  const parts: Expression[] = [...(chosen.length ? [{ any: chosen.map(of) }] : []), ...counted.filter((one) => one !== null)];
  const others = needs.filter((_, at) => counted[at] === null).reduce((sum, part) => sum + clausesIn(part).length, 0);
  const [only = EVERYONE] = parts;
  return { expression: parts.length > 1 ? { all: parts } : only, others };
}

const neededParts = (root: Group): Part[] => (root.not || root.join === "or" ? [root] : root.parts);

export const clausesIn = (part: Part): Clause[] => (part.kind === "clause" ? [part] : part.parts.flatMap(clausesIn));
const namesIn = (part: Part): string[] => clausesIn(part).filter(({ field }) => field === "segments").flatMap(listOf);
const listOf = ({ value }: Clause): string[] => (Array.isArray(value) ? value.map(String) : typeof value === "string" ? [value] : []);

function convert(part: Part, of: (id: string) => Expression): Expression | null {
  const plain = part.kind === "clause" ? clauseOf(part, of) : groupOf(part, of);
  return plain && part.not ? { not: plain } : plain;
}

function clauseOf(clause: Clause, of: (id: string) => Expression): Expression | null {
  const names = listOf(clause).map(of);
  if (clause.field !== "segments" || names.length === 0) return null;
  if (["one_of", "in", "="].includes(clause.op)) return { any: names };
  if (clause.op === "all_of") return { all: names };
  return ["none_of", "not_in", "!="].includes(clause.op) ? { not: { any: names } } : null;
}

function groupOf({ join, parts }: Group, of: (id: string) => Expression): Expression | null {
  const inner = parts.map((part) => convert(part, of));
  if (inner.length === 0 || !inner.every((one) => one !== null)) return null;
  return join === "and" ? { all: inner } : { any: inner };
}
