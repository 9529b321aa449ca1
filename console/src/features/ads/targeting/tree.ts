/** A targeting expression as the form shows it: groups of parts, each maybe turned round by `not`. */

export type Json = Record<string, unknown>;

export interface Clause {
  kind: "clause";
  not: boolean;
  field: string;
  op: string;
  value: unknown;
  timezone?: string;
}

export interface Group {
  kind: "group";
  not: boolean;
  join: "and" | "or";
  parts: Part[];
}

export type Part = Clause | Group;

const JOINS: Record<string, Group["join"]> = { and: "and", all: "and", or: "or", any: "or" };

export const EMPTY: Group = { kind: "group", not: false, join: "and", parts: [] };

/** The form's tree of an expression; the root is always a group. Null where it is no expression. */
export function read(expression: unknown): Group | null {
  if (expression === null || expression === undefined) return EMPTY;
  const part = readPart(expression, false);
  if (!part) return null;
  return part.kind === "group" ? part : { ...EMPTY, parts: [part] };
}

function readPart(expression: unknown, not: boolean): Part | null {
  if (typeof expression !== "object" || expression === null) return null;
  const said = expression as Json;
  if (typeof said.field === "string" && typeof said.op === "string") return { kind: "clause", not, field: said.field, op: said.op, value: said.value, ...(typeof said.timezone === "string" ? { timezone: said.timezone } : {}) };
  if ("not" in said) return readPart(said.not, !not);
  const [name = ""] = Object.keys(said);
  const [join, inner] = [JOINS[name], said[name]];
  if (!join || !Array.isArray(inner)) return null;
  const parts = inner.map((one) => readPart(one, false));
  return parts.every((one) => one !== null) ? { kind: "group", not, join, parts } : null;
}

/** The expression of a tree; null where it asks nothing. Groups without parts are left out. */
export function write(root: Group): Json | null {
  const written = writePart(root);
  return written as Json | null;
}

function writePart(part: Part): Json | null {
  const plain = part.kind === "clause" ? clauseOf(part) : groupOf(part);
  return plain && part.not ? { not: plain } : plain;
}

const clauseOf = ({ field, op, value, timezone }: Clause): Json => ({ field, op, value, ...(timezone ? { timezone } : {}) });

function groupOf({ join, parts }: Group): Json | null {
  const inner = parts.map(writePart).filter((one) => one !== null);
  return inner.length ? { [join]: inner } : null;
}

/** Where the server finds the nth part of a group that it finds at `path`: groups without parts are not sent. */
export function pathOf(group: Group, path: string, at: number): string {
  const sent = group.parts.slice(0, at).filter((one) => writePart(one) !== null).length;
  return `${pathIn(group, path)}.${group.join}[${sent}]`;
}

/** Where the server finds what a `not` at `path` turns round. */
export const pathIn = (part: Part, path: string): string => (part.not ? `${path}.not` : path);

/** The part of a stored expression that a path of the server's names: `targeting.expression.and[0].not`. Null where the document has changed since. */
export function clauseAt(expression: Json | null, path: string): Part | null {
  const steps = path.replace(/^(document\.)?targeting\.expression\.?/, "").match(/\w+/g) ?? [];
  let at: unknown = expression;
  for (const step of steps) at = typeof at === "object" && at !== null ? (at as Json)[step] : undefined;
  return readPart(at, false);
}
