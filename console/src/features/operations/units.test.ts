import { expect, it } from "vitest";
import type { Fn } from "./panels";
import { spoken, unitOfSeries } from "./units";

const t = (key: string, { value }: { value: string }) => `${value} ${key.replace("metricUnits.", "")}`;

it("a series' unit is told by its name and what is done to it", () => {
  const cases: [string, Fn, string][] = [
    ["node_cpu_seconds_total", "rate", "cores"],
    ["node_disk_io_time_seconds_total", "rate", "share"],
    ["node_network_receive_bytes_total", "rate", "bytesPerSecond"],
    ["node_memory_MemFree_bytes", "avg", "bytes"],
    ["queqiao_http_answer_seconds", "p95", "seconds"],
    ["http_seconds_bucket", "bucket_p95", "seconds"],
    ["http_seconds_count", "rate", "perSecond"],
    ["process_start_time_seconds", "max", "instant"],
    ["node_load1", "avg", "number"],
    ["node_memory_MemFree_bytes", "count", "number"],
    ["warehouse_temperature_celsius", "avg", "celsius"],
  ];
  for (const [series, fn, unit] of cases) expect([series, unitOfSeries(series, fn)]).toEqual([series, unit]);
});

it("values keep the digits that mean something", () => {
  expect(spoken(0.003417, "cores", t, "en")).toBe("0.00342 cores");
  expect(spoken(0.0123, "seconds", t, "en")).toBe("12.3 ms");
  expect(spoken(0.00004, "seconds", t, "en")).toBe("40 µs");
  expect(spoken(90, "seconds", t, "en")).toBe("90 s");
  expect(spoken(1_500_000, "bytesPerSecond", t, "en")).toBe("1.5 MB perSecond");
  expect(spoken(12_345_678, "number", t, "zh")).toBe("1,235万");
  expect(spoken(0, "number", t, "en")).toBe("0");
  expect(spoken(null, "bytes", t, "en")).toBe("—");
});
