import type { Expression } from "@/api/types";
import { FIELDS } from "./fields";

type Translate = (key: string, vars?: Record<string, unknown>) => string;

/** An expression as a sentence. */
export function expressionWords(t: Translate, expression: Expression): string {
  if ("all" in expression) return expression.all.map((part) => nested(t, part)).join(t("audience.and"));
  if ("any" in expression) return expression.any.map((part) => nested(t, part)).join(t("audience.or"));
  if ("not" in expression) return t("audience.not", { what: nested(t, expression.not) });
  const { field, op, value, category } = expression;
  const name = t(`segmentFields.${field}`, { defaultValue: field });
  return `${name}${category ? ` ${category}` : ""} ${t(`ops.${op}`, { defaultValue: op })} ${valueWords(field, value)}`;
}

function nested(t: Translate, part: Expression): string {
  const words = expressionWords(t, part);
  return "all" in part || "any" in part ? `(${words})` : words;
}

function valueWords(field: string, value: unknown): string {
  if (FIELDS[field] === "money" && typeof value === "number") return (value / 100).toLocaleString("en-US");
  if (FIELDS[field] === "interest" && typeof value === "number") return `${Math.round(value * 100)}%`;
  return Array.isArray(value) ? value.join(", ") : String(value);
}
