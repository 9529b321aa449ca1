import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useAllDocuments } from "@/api/documents/all";
import { type CartLine, type QuoteQuestion, quoteCart } from "@/api/quote";
import type { PromotionDocument } from "@/api/types";
import { nowMs } from "@/lib/clock";
import { parseInstant } from "@/lib/time";
import { useSettled } from "@/lib/useSettled";
import { trimmed } from "./document";

/** A question takes a thousand promotions: the draft and so many that run now. */
const BESIDE_MAX = 999;

const runs = ({ starts_at, ends_at }: PromotionDocument, now: number) => (parseInstant(starts_at) ?? -Infinity) <= now && now < (parseInstant(ends_at) ?? Infinity);

/** How to ask what a cart costs under the draft, alone or beside what is live. */
export function useQuestion(id: string, document: PromotionDocument, currency: string, withLive: boolean) {
  const { t } = useTranslation();
  const live = useAllDocuments("promotions", { state: "live" });
  const now = nowMs();
  const others = withLive ? (live.data ?? []).filter((item) => item.id !== id && !item.document.code_batch && runs(item.document, now)).slice(0, BESIDE_MAX) : [];
  const name = document.name || t("promotion.preview.draft");
  const names = new Map([[id, name], ...others.map((item): [string, string] => [item.id, item.document.name])]);
  const { condition } = document;
  // The window and the code are left out: the preview shows the rule, not today's date.
  const draft = { ...trimmed({ ...document, condition: { ...condition, windows: [] } }), id, name, starts_at: null, ends_at: null, code_batch: null };
  const ask = (lines: CartLine[]): QuoteQuestion => ({
    currency,
    cart: { lines: lines.map((line, at) => ({ ...line, id: String(at + 1) })) },
    promotions: [draft, ...others.map((item) => ({ ...item.document, id: item.id }))],
    customer: { segments: condition.segments_any ?? [], ...(condition.tiers_any?.[0] ? { loyalty: { tier: condition.tiers_any[0] } } : {}) },
    ...(condition.channels_any?.[0] ? { channel: condition.channels_any[0] } : {}),
    options: { explain: true, suggest: true },
  });
  return { ask, names };
}

/** The price of a cart, asked again when the question has settled. */
export function useQuote(asked: QuoteQuestion) {
  const question = useSettled(asked);
  return useQuery({
    queryKey: ["quote", question],
    queryFn: ({ signal }) => quoteCart(question, signal),
    placeholderData: (previous) => previous,
    retry: false,
  });
}
