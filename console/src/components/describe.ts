import { DASH, money } from "@/lib/numbers";
import { instantText, parseInstant } from "@/lib/time";

type Translate = (key: string, vars?: Record<string, unknown>) => string;

const AMOUNTS = /(_minor|subtotal_at_least|at_least|discount|cap|amount)$/;
const INSTANTS = /(_at)$/;

/** A document's field in the reader's words; `prefix` is its part of the catalogue. */
export function describer(t: Translate, prefix: string, currency: string) {
  return (path: string, value: unknown): { field: string; value: string } => {
    const name = path.replace(/^document\./, "").replace(/\[\d+\]/g, "");
    const number = /\[(\d+)\]/.exec(path)?.[1];
    const label = t(`${prefix}.${name.replaceAll(".", "_")}`, { defaultValue: name });
    return { field: number === undefined ? label : `${label} ${Number(number) + 1}`, value: wordsOf(t, name, value, currency) };
  };
}

function wordsOf(t: Translate, name: string, value: unknown, currency: string): string {
  if (value === null || value === undefined || value === "") return DASH;
  if (typeof value === "boolean") return t(value ? "act.yes" : "act.no");
  if (typeof value === "number") return AMOUNTS.test(name) && !/quantity/.test(name) ? money(value, currency) : String(value);
  if (typeof value === "string") return INSTANTS.test(name) ? instantText(parseInstant(value) ?? 0).slice(0, 16) : value;
  if (Array.isArray(value) && value.every((one) => typeof one !== "object")) return value.join(", ") || DASH;
  return JSON.stringify(value);
}
