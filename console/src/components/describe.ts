import { DASH, money } from "@/lib/numbers";
import { instantText, parseInstant } from "@/lib/time";

type Translate = (key: string, vars?: Record<string, unknown>) => string;

const AMOUNTS = /(_minor|subtotal_at_least|at_least|discount|cap|amount)$/;
const INSTANTS = /(_at)$/;

/** A document's field in the reader's words; `prefix` is its part of the catalogue, `counts` what is no money though it is called so. */
export function describer(t: Translate, prefix: string, currency: string, counts = /quantity/) {
  const label = (name: string) => t(`${prefix}.${name.replaceAll(".", "_")}`, { defaultValue: name.split(".").at(-1) });
  const words = (name: string, value: unknown): string => {
    if (Array.isArray(value)) return value.map((one) => words(name, one)).join("; ") || DASH;
    if (typeof value === "object" && value !== null) return parts(name, value);
    return scalar(t, name, value, currency, counts);
  };
  const parts = (name: string, value: object) =>
    Object.entries(value)
      .filter(([, one]) => one !== null && !(Array.isArray(one) && one.length === 0))
      .map(([key, one]) => `${label(`${name}.${key}`)} ${words(`${name}.${key}`, one)}`)
      .join(", ");
  return (path: string, value: unknown): { field: string; value: string } => {
    const name = path.replace(/^document\./, "").replace(/\[\d+\]/g, "");
    const number = /\[(\d+)\]/.exec(path)?.[1];
    return { field: number === undefined ? label(name) : `${label(name)} ${Number(number) + 1}`, value: words(name, value) };
  };
}

function scalar(t: Translate, name: string, value: unknown, currency: string, counts: RegExp): string {
  if (value === null || value === undefined || value === "") return DASH;
  if (typeof value === "boolean") return t(value ? "act.yes" : "act.no");
  if (typeof value === "number") return AMOUNTS.test(name) && !counts.test(name) ? money(value, currency) : String(value);
  if (INSTANTS.test(name)) return instantText(parseInstant(String(value)) ?? 0).slice(0, 16);
  return String(value);
}
