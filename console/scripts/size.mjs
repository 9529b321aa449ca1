/** The budget: what a first load and each route fetch, gzipped. Fails above. */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const FIRST_LOAD_KB = 450;
const ROUTE_KB = 120;
const HOME = "src/features/overview/Overview.tsx";
const LANGUAGES = ["src/lib/i18n/zh/index.ts", "src/lib/i18n/en/index.ts"];
const PLOT = "src/components/chart/Plot.tsx";

const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));
const zipped = (file) => gzipSync(readFileSync(new URL(file, dist)), { level: 6 }).length / 1000;

/** All files that loading a chunk fetches: itself, what it imports, its style sheets. */
function filesOf(key, found = new Set()) {
  const chunk = manifest[key];
  if (!chunk || found.has(chunk.file)) return found;
  found.add(chunk.file);
  for (const style of chunk.css ?? []) found.add(style);
  for (const imported of chunk.imports ?? []) filesOf(imported, found);
  return found;
}

const sum = (files) => [...files].reduce((total, file) => total + zipped(file), 0);
const union = (keys) => keys.reduce((found, key) => filesOf(key, found), new Set());
const first = LANGUAGES.map((language) => sum(union(["index.html", HOME, PLOT, language])) + zipped("index.html"));
const seen = union(["index.html"]);
const routes = Object.keys(manifest)
  .filter((key) => key.startsWith("src/features/") && manifest[key].isDynamicEntry)
  .map((key) => ({ key, kb: sum([...filesOf(key)].filter((file) => !seen.has(file))) }))
  .sort((a, b) => b.kb - a.kb);

let bad = false;
const line = (name, kb, limit) => {
  bad ||= kb > limit;
  console.log(`${kb > limit ? "TOO LARGE" : "ok       "} ${kb.toFixed(1).padStart(7)} KB of ${limit}  ${name}`);
};
line("first load: Overview with its chart", Math.max(...first), FIRST_LOAD_KB);
for (const { key, kb } of routes) line(key, kb, ROUTE_KB);
process.exit(bad ? 1 : 0);
