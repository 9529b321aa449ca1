import { isWeek } from "./grid";
import type { Clause, Part } from "./tree";
import { FIELDS, ATTRIBUTE } from "./fields";
import { weekWords } from "./words";

type Translate = (key: string, vars?: Record<string, unknown>) => string;

/** A condition as a sentence: 标签 是其中之一 vip、new. */
export function clauseWords(t: Translate, part: Part): string {
  const words = part.kind === "clause" ? oneWords(t, part) : part.parts.map((one) => (one.kind === "group" ? `(${clauseWords(t, one)})` : clauseWords(t, one))).join(t(`targeting.joinWords.${part.join}`));
  return part.not ? t("targeting.notWords", { what: words }) : words;
}

function oneWords(t: Translate, { field, op, value }: Clause): string {
  const name = field in FIELDS ? t(`targeting.fields.${field.replaceAll(".", "_")}`) : field.replace(ATTRIBUTE, "");
  return `${name} ${t(`targeting.ops.${op}`, { defaultValue: op })} ${valueWords(t, op, value)}`;
}

function valueWords(t: Translate, op: string, value: unknown): string {
  if (op === "exists") return t(`targeting.exists.${value === false ? "unknown" : "known"}`);
  if (op === "in_grid") return isWeek(value) ? weekWords(t, value) : "";
  if (op === "between" && Array.isArray(value)) return value.join(" – ");
  if (op === "in_polygon" && Array.isArray(value)) return t("targeting.outline", { count: value.length });
  if (op === "in_radius") {
    const { lat, lon, radius_km } = value as Record<string, number>;
    return `${lat}, ${lon} · ${radius_km} km`;
  }
  if (Array.isArray(value)) return value.map((one) => (typeof one === "object" ? JSON.stringify(one) : String(one))).join(t("targeting.list"));
  return String(value ?? "");
}
