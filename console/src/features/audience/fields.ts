import type { Expression } from "@/api/types";

export type FieldKind = "number" | "money" | "text" | "interest";

/** Fields of a profile that conditions may use, with how each is asked. */
export const FIELDS: Record<string, FieldKind> = {
  recency_days: "number",
  first_seen_days: "number",
  visits: "number",
  orders: "number",
  spent_minor: "money",
  last_order_days: "number",
  category_interest: "interest",
  top_category: "text",
  age: "number",
  age_band: "text",
  income_band: "text",
  gender: "text",
  region: "text",
  channel: "text",
  home_ownership: "text",
  marital_status: "text",
  household_size: "text",
  kids_count: "text",
};

export const OPS: Record<FieldKind, string[]> = {
  number: [">=", "<=", "=", "!=", ">", "<"],
  money: [">=", "<=", ">", "<"],
  text: ["=", "!=", "in", "not_in"],
  interest: [">=", "<="],
};

export interface Condition {
  field: string;
  op: string;
  value: unknown;
  category?: string;
  not?: boolean;
}

export interface Group {
  join: "all" | "any";
  conditions: Condition[];
}

/** A condition to start from. */
export function blank(field: string): Condition {
  const kind = FIELDS[field] ?? "text";
  if (kind === "interest") return { field, op: ">=", value: 0.2, category: "" };
  return { field, op: OPS[kind][0] ?? "=", value: kind === "text" ? "" : kind === "money" ? 10_000 : 30 };
}

/** The expression of the builder's groups: all of one join, each condition maybe turned round. */
export function toExpression(group: Group): Expression {
  const parts = group.conditions.map(({ not, ...leaf }): Expression => (not ? { not: leaf } : leaf));
  return group.join === "all" ? { all: parts } : { any: parts };
}

/** An expression as the builder's group, or null where it is deeper than the builder shows. */
export function toGroup(expression: Expression): Group | null {
  if ("field" in expression) return { join: "all", conditions: [expression] };
  const join = "all" in expression ? "all" : "any" in expression ? "any" : null;
  if (!join) return null;
  const parts = (expression as Record<"all" | "any", Expression[]>)[join];
  const conditions = parts.map((part): Condition | null => {
    if ("field" in part) return part;
    return "not" in part && "field" in part.not ? { ...part.not, not: true } : null;
  });
  return conditions.every((one) => one !== null) ? { join, conditions } : null;
}

/** Whether a condition is whole enough to be asked. */
export function whole(condition: Condition): boolean {
  if (condition.category === "") return false;
  if (Array.isArray(condition.value)) return condition.value.length > 0;
  return condition.value !== "" && condition.value !== null;
}
