/** Numbers as people of each language write them. A missing number is a dash, never 0 or NaN. */

export type Language = "zh" | "en";
export const DASH = "—";

const EXPONENTS: Record<string, number> = { JPY: 0, KRW: 0, VND: 0, CLP: 0, BHD: 3, KWD: 3, OMR: 3, TND: 3 };

/** Decimal places of a currency's minor unit: 2 for CNY, 0 for JPY. */
export function exponent(currency: string): number {
  return EXPONENTS[currency] ?? 2;
}

const locale = (language: Language) => (language === "zh" ? "zh-CN" : "en-US");
const good = (value: number | null | undefined): value is number => typeof value === "number" && Number.isFinite(value);

/** The sign of a currency: ¥, £, $; the code itself where there is no sign. */
export function currencySign(currency: string): string {
  try {
    const parts = new Intl.NumberFormat("en", { style: "currency", currency, currencyDisplay: "narrowSymbol" }).formatToParts(0);
    return parts.find((part) => part.type === "currency")?.value ?? currency;
  } catch {
    return currency;
  }
}

/** Minor units to the exact amount: 123456 CNY → ¥1,234.56; −¥1.00 when negative. */
export function money(minor: number | null | undefined, currency: string): string {
  if (!good(minor)) return DASH;
  const digits = exponent(currency);
  const text = (Math.abs(minor) / 10 ** digits).toLocaleString("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return `${minor < 0 ? "−" : ""}${currencySign(currency)}${text}`;
}

interface Step {
  from: number;
  suffix: string;
}
const STEPS: Record<Language, Step[]> = {
  zh: [
    { from: 1e8, suffix: "亿" },
    { from: 1e4, suffix: "万" },
  ],
  en: [
    { from: 1e9, suffix: "B" },
    { from: 1e6, suffix: "M" },
    { from: 1e3, suffix: "K" },
  ],
};

const shortDecimal = (value: number) => (value < 100 ? value.toFixed(1).replace(/\.0$/, "") : Math.round(value).toLocaleString("en-US"));

/** 12.3万 and 1.2亿 in Chinese, 123K and 12M in English; small numbers in full. */
export function compact(value: number | null | undefined, language: Language): string {
  if (!good(value)) return DASH;
  const size = Math.abs(value);
  const sign = value < 0 ? "−" : "";
  const step = STEPS[language].find((candidate) => size >= candidate.from);
  if (!step) return sign + size.toLocaleString(locale(language), { maximumFractionDigits: 2 });
  return `${sign}${shortDecimal(size / step.from)}${step.suffix}`;
}

/** An amount short: ¥12.3万; exact below ten thousand (zh) or a thousand (en). */
export function compactMoney(minor: number | null | undefined, currency: string, language: Language): string {
  if (!good(minor)) return DASH;
  const major = Math.abs(minor) / 10 ** exponent(currency);
  if (major < (language === "zh" ? 1e4 : 1e3)) return money(minor, currency);
  return `${minor < 0 ? "−" : ""}${currencySign(currency)}${compact(major, language)}`;
}

/** A ratio as percent: two digits under 10 %, one above. */
export function percent(ratio: number | null | undefined): string {
  if (!good(ratio)) return DASH;
  const value = ratio * 100;
  const digits = Math.abs(value) < 10 ? 2 : 1;
  return `${value < 0 ? "−" : ""}${Math.abs(value).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits })}%`;
}

/** A multiple such as ROAS: 3.25. */
export function multiple(value: number | null | undefined): string {
  return good(value) ? value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 }).replace("-", "−") : DASH;
}

/** A whole number in full: 12,345. */
export function count(value: number | null | undefined): string {
  return good(value) ? value.toLocaleString("en-US", { maximumFractionDigits: 2 }).replace("-", "−") : DASH;
}

export type Unit = "minor" | "ratio" | "multiple" | "count";

/** The unit of a metric of the catalogue, whatever word the server uses for it. */
export function unitOf(name: string, unit: string | null | undefined): Unit {
  if (unit === "minor" || unit === "currency_minor") return "minor";
  if (name === "roas") return "multiple";
  if (unit === "ratio" || unit === "percent") return "ratio";
  return "count";
}

/** A metric's value in full, for tables, tips and files. */
export function exact(value: number | null | undefined, unit: Unit, currency: string): string {
  if (unit === "minor") return money(value, currency);
  if (unit === "ratio") return percent(value);
  if (unit === "multiple") return multiple(value);
  return count(value);
}

/** A metric's value short, for key numbers and axes. */
export function short(value: number | null | undefined, unit: Unit, currency: string, language: Language): string {
  if (unit === "minor") return compactMoney(value, currency, language);
  if (unit === "count") return compact(value, language);
  return exact(value, unit, currency);
}

/** A metric's value on an axis: as short as it goes, whole amounts without their zeros. */
export function tick(value: number, unit: Unit, currency: string, language: Language): string {
  return short(value, unit, currency, language).replace(/\.0+$/, "");
}

/** The least sensible step of an axis in a unit: one whole currency unit, one piece. */
export function stepMin(unit: Unit, currency: string): number {
  if (unit === "minor") return 10 ** exponent(currency);
  return unit === "count" ? 1 : 0;
}

export interface Change {
  direction: "up" | "down" | "flat" | "none";
  text: string;
}

/** How a number moved against another, with its sign; `none` where there is nothing to compare. */
export function change(now: number | null | undefined, before: number | null | undefined): Change {
  if (!good(now) || !good(before) || before === 0) return { direction: "none", text: DASH };
  const ratio = (now - before) / Math.abs(before);
  if (Math.abs(ratio) < 0.0005) return { direction: "flat", text: percent(0) };
  return { direction: ratio > 0 ? "up" : "down", text: `${ratio > 0 ? "+" : ""}${percent(ratio)}` };
}

/** What a person typed as an amount to minor units, or null when it is not one exactly. */
export function parseMinor(text: string, currency: string): number | null {
  const digits = exponent(currency);
  const found = /^(-?)(\d{1,12})(?:\.(\d*))?$/.exec(text.trim().replaceAll(",", ""));
  if (!found) return null;
  const fraction = found[3] ?? "";
  if (fraction.length > digits) return null;
  const minor = Number(`${found[2]}${fraction.padEnd(digits, "0")}`);
  return found[1] ? -minor : minor;
}

/** Minor units to the text of an input: 30000 → "300", 1250 → "12.50". */
export function minorToInput(minor: number | null | undefined, currency: string): string {
  if (!good(minor)) return "";
  const digits = exponent(currency);
  const text = (minor / 10 ** digits).toFixed(digits);
  return text.endsWith(`.${"0".repeat(digits)}`) ? text.slice(0, -digits - 1) : text;
}

/** Bytes as people read them: 84.2 MB. */
export function bytes(value: number | null | undefined): string {
  if (!good(value)) return DASH;
  const units = ["B", "KB", "MB", "GB", "TB"];
  const power = value < 1 ? 0 : Math.min(4, Math.floor(Math.log(value) / Math.log(1000)));
  return `${shortDecimal(value / 1000 ** power)} ${units[power]}`;
}
