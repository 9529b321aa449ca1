import { useTranslation } from "react-i18next";
import type { CartLine, QuoteQuestion } from "@/api/quote";
import { money } from "@/lib/numbers";
import { SIZES, type Size } from "./sampleCarts";
import { useQuote } from "./useQuote";

interface Props {
  carts: Record<Size, CartLine[]>;
  ask: (lines: CartLine[]) => QuoteQuestion;
  currency: string;
  shown: CartLine[];
  onPick: (lines: CartLine[]) => void;
}

/** Three carts priced side by side; one of them is shown line by line below. */
export function SampleCarts({ carts, ask, currency, shown, onPick }: Props) {
  return (
    <div className="sample-carts">
      {SIZES.map((size) => (
        <SampleCart key={size} size={size} lines={carts[size]} question={ask(carts[size])} currency={currency} chosen={JSON.stringify(shown) === JSON.stringify(carts[size])} onPick={onPick} />
      ))}
    </div>
  );
}

function SampleCart({ size, lines, question, currency, chosen, onPick }: { size: Size; lines: CartLine[]; question: QuoteQuestion; currency: string; chosen: boolean; onPick: (lines: CartLine[]) => void }) {
  const { t } = useTranslation();
  const totals = useQuote(question).data?.totals;
  const pieces = lines.reduce((sum, line) => sum + line.quantity, 0);
  return (
    <button type="button" className="sample-cart" aria-pressed={chosen} onClick={() => onPick(lines)}>
      <span>{t(`promotion.preview.sizes.${size}`)}</span>
      <span className="note">{t("promotion.words.pieces", { count: pieces })}</span>
      <strong>{totals ? money(totals.total, currency) : "…"}</strong>
      <span className="note">{totals && totals.discount > 0 ? money(-totals.discount, currency) : t("promotion.preview.nothingOff")}</span>
    </button>
  );
}
