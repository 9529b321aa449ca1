// @vitest-environment happy-dom
import { expect, it } from "vitest";
import { join } from "./figures";
import { ApiError } from "./problem";
import type { Report } from "./types";

const report = (columns: string[], rows: Report["rows"], watermark: string): Report => ({
  columns: columns.map((name, at) => ({ name, kind: at === 0 ? "dimension" : "metric", title: {}, unit: null })),
  rows,
  watermark,
  watermark_offset: 1,
  as_of: 1,
  currency: null,
  definitions: {},
});

it("joins money and plain figures by their dimension, fresh as the older of them", () => {
  const money = report(["channel", "gmv"], [["web", 100]], "2026-11-11T00:00:02Z");
  const plain = report(["channel", "clicks"], [["web", 7], ["app", 3]], "2026-11-11T00:00:01Z");
  const joined = join([money, plain], ["gmv", "clicks"]);
  expect(joined.rows).toEqual([{ channel: "web", gmv: 100, clicks: 7 }, { channel: "app", clicks: 3 }]);
  expect(joined.watermark).toBe("2026-11-11T00:00:01Z");
});

it("finds the server's sentence for a field, with or without the document's prefix", () => {
  const error = new ApiError({ status: 400, code: "invalid_input", errors: [{ path: "document.benefit.percent", detail: "0–100" }] });
  expect(error.field("benefit.percent")).toBe("0–100");
  expect(error.field("name")).toBeUndefined();
  expect(error.passing).toBe(false);
  expect(new ApiError({ status: 503, code: "unavailable" }).passing).toBe(true);
});
