/** Serves dist/ beside a running system, or in front of stand-in answers. For development only.
 *
 *  node dev/server.mjs [--port 8401] [--scenario live|empty|broken] [--system http://127.0.0.1:8400]
 *  live: every API call goes to the system. empty: a store without anything. broken: everything fails.
 */
import { readFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import { extname } from "node:path";

const option = (name, fallback) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : process.argv[at + 1];
};
const port = Number(option("port", "8401"));
const scenario = option("scenario", "live");
const system = new URL(option("system", process.env.QUEQIAO_URL ?? "http://127.0.0.1:8400"));
const dist = new URL("../dist/", import.meta.url);
const TYPES = { ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html; charset=utf-8" };

const session = { user: { id: "u1", email: "wang@example.com", name: "王芳", role: "owner" }, csrf_token: "c" };
const shop = { name: "鹊桥", timezone: "Asia/Shanghai", currency: "CNY" };
const nothing = {
  "/api/v1/session": session,
  "/api/v1/shop": shop,
  "/api/v1/reports/query": { columns: [], rows: [], watermark: null, watermark_offset: 0, as_of: 0, definitions: {} },
  "/api/v1/system": { roles: [], memory_bytes: 0, log_end: 0, loaded: 0, lag_events: 0, version: "0", ip_database: "ready" },
  "/api/v1/pipeline": { now: new Date().toISOString(), watermark: null, last_received_at: null, lag_ms: 0, lag_events: 0, log_end: 0, loaded: 0, minutes: [], tiers: { warehouse: { rows: 0, bytes: 0 }, lake: { rows: 0, bytes: 0 } }, backfill: { phase: "none", offset: 0, of_offset: 0, begun_at: "", cause: "", last: null } },
  "/api/v1/metrics/series/query": { times: [], step_s: 60, lines: [] },
  "/api/v1/promotions/calendar": { promotions: [], overlaps: [], compared: 0 },
  "/api/v1/promotion_effects": { rows: [], currency: "CNY", watermark: null },
  "/api/v1/targeting/reach": { reach: { people: { expected: 0, low: 0, high: 0 }, members: null, opportunities_a_day: 0 }, confidence: 0.9, assumed: [], sample: { opportunities: 0, people: 0, share: 1, days: 0, from: "", until: "" } },
  "/api/v1/segments/preview": { count: 0, total: 0, sample: [], watermark: null },
};
const problem = { type: "urn:queqiao:problem:broken", code: "broken", title: "系统内部错误", status: 500, trace_id: "0197c0de5f0a" };

function standIn(path, response) {
  const known = scenario === "empty" || ["/api/v1/session", "/api/v1/shop"].includes(path);
  const body = known ? (nothing[path] ?? { items: [], next_cursor: null }) : problem;
  response.writeHead(known ? 200 : 500, { "content-type": known ? "application/json" : "application/problem+json" });
  response.end(JSON.stringify(body));
}

function forward(incoming, response) {
  const { hostname, port: systemPort } = system;
  const headers = { ...incoming.headers, host: system.host };
  if (headers.origin) headers.origin = system.origin;
  const outgoing = request({ hostname, port: systemPort, path: incoming.url, method: incoming.method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  outgoing.on("error", () => response.writeHead(502).end());
  incoming.pipe(outgoing);
}

async function file(path, response) {
  const name = extname(path) ? path.slice(1) : "index.html";
  const url = new URL(name, dist);
  if (!url.pathname.startsWith(dist.pathname)) return response.writeHead(404).end();
  try {
    const body = await readFile(url);
    response.writeHead(200, { "content-type": TYPES[extname(name)] ?? "application/octet-stream", "cache-control": "no-store" }).end(body);
  } catch {
    response.writeHead(404).end();
  }
}

createServer((incoming, response) => {
  const { pathname } = new URL(incoming.url ?? "/", "http://here");
  const api = /^\/(api|v1|t)\//.test(pathname) || pathname === "/openapi.json";
  if (!api) return void file(pathname, response);
  return scenario === "live" ? forward(incoming, response) : standIn(pathname, response);
}).listen(port, "127.0.0.1", () => console.log(`http://127.0.0.1:${port} (${scenario})`));
