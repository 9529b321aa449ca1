/** What the values of a series are counted in, told by its name as Prometheus' conventions have it. */

import { bytes, compact, count, DASH, type Language, percent } from "@/lib/numbers";
import { instantText } from "@/lib/time";
import type { Fn } from "./panels";

export type SeriesUnit = "bytes" | "bytesPerSecond" | "seconds" | "instant" | "cores" | "share" | "celsius" | "perSecond" | "number";

/** The unit of a function of a series. */
export function unitOfSeries(series: string, fn: Fn): SeriesUnit {
  const name = series.replace(/_(total|bucket|sum|count)$/, "");
  if (fn === "count") return "number";
  if (fn === "rate") return rateUnit(series, name);
  if (name.endsWith("_bytes")) return "bytes";
  if (/_(boot|start)_time_seconds$/.test(name)) return "instant";
  if (name.endsWith("_seconds")) return "seconds";
  if (name.endsWith("_ratio")) return "share";
  return name.endsWith("_celsius") ? "celsius" : "number";
}

function rateUnit(series: string, name: string): SeriesUnit {
  if (series.endsWith("_count") || series.endsWith("_bucket")) return "perSecond";
  if (name.endsWith("_bytes")) return "bytesPerSecond";
  if (name.endsWith("cpu_seconds")) return "cores";
  return name.endsWith("_seconds") ? "share" : "perSecond";
}

type Translate = (key: string, vars: { value: string }) => string;

/** A value as people read it, with its unit. */
export function spoken(value: number | null | undefined, unit: SeriesUnit, t: Translate, language: Language): string {
  if (value === null || value === undefined) return DASH;
  if (unit === "bytes") return bytes(value);
  if (unit === "instant") return instantText(value * 1000);
  if (unit === "share") return percent(value);
  if (unit === "seconds") return duration(value);
  if (unit === "bytesPerSecond") return t("metricUnits.perSecond", { value: bytes(value) });
  const text = figure(value, language);
  return unit === "number" ? text : t(`metricUnits.${unit}`, { value: text });
}

/** Small numbers keep three digits that mean something, large ones are shortened. */
function figure(value: number, language: Language): string {
  const size = Math.abs(value);
  if (size >= 10_000) return compact(value, language);
  return size >= 1 ? count(value) : value.toLocaleString("en-US", { maximumSignificantDigits: 3 }).replace("-", "−");
}

function duration(seconds: number): string {
  const size = Math.abs(seconds);
  if (size >= 120) return `${figure(seconds / 60, "en")} min`;
  if (size >= 1 || size === 0) return `${figure(seconds, "en")} s`;
  return size >= 0.001 ? `${figure(seconds * 1000, "en")} ms` : `${figure(seconds * 1e6, "en")} µs`;
}
