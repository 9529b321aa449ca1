/** The API as the server publishes it, for the operations that the console asks.
 *
 *  node scripts/api.mjs write [FROM]   keeps that part of the document in src/api/published.json
 *  node scripts/api.mjs check [FROM]   writes nothing; fails where the server publishes something else
 *  node scripts/api.mjs types          writes src/api/published.d.ts from it, which is not kept
 *
 *  FROM is the address of a running system, or a file with its /openapi.json; without it this checkout
 *  is asked, through scripts/document.py.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import openapi, { astToString } from "openapi-typescript";

const METHODS = ["get", "post", "put", "patch", "delete"];
const source = new URL("../src/api/", import.meta.url);
// A field with a default may be left out of a question; answers always have it, so tests of it cost nothing.
const OPTIONS = { alphabetize: true, defaultNonNullable: false, emptyObjectsUnknown: true };
const published = new URL("published.json", source);
const types = new URL("published.d.ts", source);

function ownDocument() {
  const python = process.env.PYTHON ?? new URL("../../.venv/bin/python", import.meta.url).pathname;
  const script = new URL("document.py", import.meta.url).pathname;
  return execFileSync(python, [script], { maxBuffer: 1 << 26 }).toString();
}

async function readDocument(from) {
  if (!from) return JSON.parse(ownDocument());
  if (!/^https?:/.test(from)) return JSON.parse(readFileSync(from, "utf8"));
  return (await fetch(new URL("/openapi.json", from))).json();
}

const texts = () =>
  readdirSync(source, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !/\.d\.ts$|\.test\.ts$/.test(file))
    .map((file) => readFileSync(new URL(file, source), "utf8"));

/** `GET /api/v1/shop` and so on, as the console's own sources ask them. */
function askedOperations() {
  const asked = new Set();
  for (const text of texts()) {
    for (const [, method, path] of text.matchAll(/client\.([A-Z]+)\(\s*"([^"]+)"/g)) asked.add(`${method.toLowerCase()} ${path}`);
    for (const [, kinds] of text.matchAll(/KINDS = \[([^\]]+)\]/g)) {
      for (const [, kind] of kinds.matchAll(/"([^"]+)"/g)) operationsOfKind(kind).forEach((one) => asked.add(one));
    }
  }
  return asked;
}

const operationsOfKind = (kind) => [
  ...["get", "post"].map((method) => `${method} /api/v1/${kind}`),
  ...["get", "put"].map((method) => `${method} /api/v1/${kind}/{id}`),
  ...["publish", "pause", "archive"].map((verb) => `post /api/v1/${kind}/{id}/${verb}`),
  `get /api/v1/${kind}/{id}/history`,
];

/** An operation without its words and without the problem documents, which have one shape. */
function bare({ parameters, requestBody, responses }) {
  const good = Object.fromEntries(Object.entries(responses).filter(([status]) => status.startsWith("2")));
  return { ...(parameters ? { parameters } : {}), ...(requestBody ? { requestBody } : {}), responses: good };
}

/** Everything but what words say. Maps of names (properties, schemas) keep a member so called. */
function withoutWords(value, named = false) {
  if (Array.isArray(value)) return value.map((one) => withoutWords(one));
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([key, one]) => named || !(["title", "description", "summary"].includes(key) && typeof one === "string"));
  return Object.fromEntries(kept.map(([key, one]) => [key, withoutWords(one, !named && ["properties", "schemas", "paths"].includes(key))]));
}

/** Names of the schemas that a part of the document leads to. */
function reached(part, schemas, found = new Set()) {
  for (const [, name] of JSON.stringify(part).matchAll(/#\/components\/schemas\/([^"]+)"/g)) {
    if (found.has(name)) continue;
    found.add(name);
    reached(schemas[name], schemas, found);
  }
  return found;
}

function pruned(document, asked) {
  const missing = new Set(asked);
  const paths = {};
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      if (!operations[method] || !missing.delete(`${method} ${path}`)) continue;
      (paths[path] ??= {})[method] = bare(operations[method]);
    }
  }
  if (missing.size) throw new Error(`the server has no ${[...missing].join(", ")}`);
  const schemas = document.components.schemas;
  const names = [...reached(paths, schemas)].sort();
  const components = { schemas: Object.fromEntries(names.map((name) => [name, schemas[name]])) };
  return withoutWords({ openapi: document.openapi, info: { title: "", version: "" }, paths, components });
}

const wanted = async (from) => `${JSON.stringify(pruned(await readDocument(from), askedOperations()), null, 1)}\n`;

async function writeTypes() {
  const head = "/** Written by scripts/api.mjs from published.json. Never by hand. */\n";
  writeFileSync(types, head + astToString(await openapi(JSON.parse(readFileSync(published, "utf8")), OPTIONS)));
}

const [verb = "write", from] = process.argv.slice(2);
if (verb === "check" && readFileSync(published, "utf8") !== (await wanted(from))) {
  console.error("console/src/api/published.json is not what the server publishes.\nRun, in console/: npm run api; then mend what `npm run check` finds.");
  process.exit(1);
}
if (verb === "write") writeFileSync(published, await wanted(from));
if (verb !== "check") await writeTypes();
