import { expect, it } from "vitest";
import { functionsOf, moved, type Panel, panelsText, parsePanels, PRESETS } from "./panels";

const PANELS: Panel[] = [
  { series: "node_cpu_seconds_total", fn: "rate", where: { mode: "user" }, by: ["host", "role"] },
  { metric: "gmv" },
  { series: "job:asked:rate5m", fn: "avg", where: {}, by: [] },
  { series: "http_seconds_bucket", fn: "bucket_p95", where: { path: '/a;b) by "c",\\{}\n', region: "华东" }, by: [] },
];

it("panels come back from the address as they went in, whatever their labels hold", () => {
  expect(parsePanels(panelsText(PANELS))).toEqual(PANELS);
  expect(parsePanels(decodeURIComponent(encodeURIComponent(panelsText(PANELS))))).toEqual(PANELS);
});

it("every preset can be read", () => {
  for (const text of Object.values(PRESETS)) expect(panelsText(parsePanels(text))).toBe(text);
});

it("what is no panel is left out", () => {
  expect(parsePanels("none")).toEqual([]);
  expect(parsePanels("")).toEqual([]);
  expect(parsePanels("magic(x);gmv;nonsense")).toEqual([{ metric: "gmv" }]);
  expect(parsePanels("avg(x){;gmv")).toEqual([]);
});

it("a counter is asked by its growth, a histogram by its buckets, anything else by its level", () => {
  expect(functionsOf("a_total", "counter")[0]).toBe("rate");
  expect(functionsOf("a_bucket", "histogram")[0]).toBe("bucket_p95");
  expect(functionsOf("a_count", "histogram")[0]).toBe("rate");
  expect(functionsOf("a", "gauge")).not.toContain("rate");
  expect(functionsOf("a", "unknown")).toContain("rate");
});

it("a panel moves by one place", () => {
  expect(moved(["a", "b", "c"], 2, 1)).toEqual(["a", "c", "b"]);
  expect(moved(["a", "b", "c"], 0, 1)).toEqual(["b", "a", "c"]);
});
