/** What a campaign's conditions may ask, as `decide/ads/targeting` knows it. */

import { PRESETS } from "./grid";
import type { Clause } from "./tree";

const WORDS = ["one_of", "none_of", "all_of", "exists"];
const NAMES = ["one_of", "none_of", "exists"];

/** Each field with the operators that make sense of it; the first one is offered first. */
export const FIELDS: Record<string, string[]> = {
  segments: WORDS,
  tags: WORDS,
  keywords: ["phrase", "exact", "exists"],
  skus: WORDS,
  categories: ["under", ...WORDS],
  "geo.region": ["under", ...NAMES],
  "geo.city": NAMES,
  "geo.country": NAMES,
  geo: ["in_radius", "in_polygon", "exists"],
  channel: NAMES,
  "device.type": NAMES,
  "device.os": NAMES,
  "device.browser": NAMES,
  "device.language": NAMES,
  now: ["in_windows", "in_grid"],
};

export const ATTRIBUTE = "attributes.";
const ATTRIBUTE_OPS = ["=", "!=", "one_of", "none_of", "all_of", ">=", "<=", ">", "<", "between", "exists", "under", "phrase", "exact"];

export const LISTS = ["one_of", "none_of", "all_of", "in", "not_in", "under", "exact", "phrase"];
export const COMPARISONS = [">=", "<=", ">", "<"];

/** The operators of a field, with one that the document has already. */
export function opsOf(field: string, now: string): string[] {
  const known = FIELDS[field] ?? ATTRIBUTE_OPS;
  return known.includes(now) ? known : [now, ...known];
}

const SHANGHAI = { lat: 31.2304, lon: 121.4737 };

/** A value to start from; one that fits already is kept. */
export function valueFor(op: string, before: unknown): unknown {
  if (LISTS.includes(op)) return Array.isArray(before) && before.every((one) => typeof one === "string") ? before : typeof before === "string" && before ? [before] : [];
  if (COMPARISONS.includes(op)) return typeof before === "number" ? before : 1;
  if (op === "between") return [1, 10];
  if (op === "exists") return true;
  if (op === "in_radius") return { ...SHANGHAI, radius_km: 5 };
  if (op === "in_polygon") return [];
  if (op === "in_windows") return [{ weekdays: [1, 2, 3, 4, 5], from_time: "18:00", until_time: "22:00" }];
  if (op === "in_grid") return [...PRESETS.working];
  return typeof before === "string" ? before : "";
}

/** A condition to start from. */
export const clauseOf = (field: string): Clause => {
  const op = opsOf(field, FIELDS[field]?.[0] ?? "=")[0] ?? "one_of";
  return { kind: "clause", not: false, field, op, value: valueFor(op, null) };
};

/** What is typed for `=`: a number or true and false where it reads so, else the words. */
export function scalarOf(text: string): string | number | boolean {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  return text === "true" || text === "false" ? text === "true" : text;
}

export interface Corner {
  lat: number;
  lon: number;
}

/** Corners typed one a line, `31.23, 121.47`; lines that are none are told apart. */
export function readCorners(text: string): { corners: Corner[]; wrong: string[] } {
  const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
  const read = lines.map((line) => line.split(/[,，\s]+/).map(Number));
  const good = (one: number[]) => one.length === 2 && one.every(Number.isFinite);
  return { corners: read.filter(good).map(([lat = 0, lon = 0]) => ({ lat, lon })), wrong: lines.filter((_, at) => !good(read[at] ?? [])) };
}

export const writeCorners = (corners: Corner[]): string => corners.map(({ lat, lon }) => `${lat}, ${lon}`).join("\n");
