import { useQuery } from "@tanstack/react-query";
import { Button, Switch } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import { listProducts } from "@/api/products-list";
import { asApiError } from "@/api/problem";
import type { CartLine, QuoteQuestion } from "@/api/quote";
import type { PromotionDocument } from "@/api/types";
import { Choice } from "@/components/Choice";
import { CountInput } from "@/components/inputs";
import { Empty, Failure, Waiting } from "@/components/states";
import { money } from "@/lib/numbers";
import { QuoteView } from "./QuoteView";
import { type Good, goodsOf, sampleCarts } from "./sampleCarts";
import { SampleCarts } from "./SampleCarts";
import { useQuestion, useQuote } from "./useQuote";

const DRAFT = "draft";

interface Props {
  id?: string;
  document: PromotionDocument;
}

/** A sample cart priced under the draft, before anything is published. */
export function CartPreview({ id = DRAFT, document }: Props) {
  const { t } = useTranslation();
  const page = useCurrency();
  const currency = document.currency ?? page.currency;
  const products = useQuery({ queryKey: ["products", 40], queryFn: () => listProducts({ limit: 40 }), staleTime: 60_000 });
  const goods = goodsOf(products.data?.items ?? [], currency);
  const [lines, setLines] = useState<CartLine[] | null>(null);
  const [withLive, setWithLive] = useState(false);
  const first = goods[0]?.sku;
  useEffect(() => {
    if (lines === null && first) setLines(sampleCarts(goods, document).typical);
  }, [lines, first, goods, document]);
  const cart = lines ?? [];
  const { ask, names } = useQuestion(id, document, currency, withLive);
  return (
    <aside className="card beside" aria-label={t("promotion.preview.title")}>
      <div className="card-head">
        <h2>{t("promotion.preview.title")}</h2>
        <label className="row note">
          <Switch size="small" checked={withLive} onChange={setWithLive} /> {t("promotion.preview.withLive")}
        </label>
      </div>
      {products.error && <Failure error={products.error} retry={() => void products.refetch()} />}
      {products.isPending && <Waiting lines={3} />}
      {products.data && goods.length === 0 && <Empty>{t("promotion.preview.noGoods", { currency })}</Empty>}
      {goods.length > 0 && <SampleCarts carts={sampleCarts(goods, document)} ask={ask} currency={currency} shown={cart} onPick={setLines} />}
      {goods.length > 0 && <CartForm goods={goods} lines={cart} currency={currency} onChange={setLines} />}
      {cart.length > 0 && <Priced question={ask(cart)} names={names} currency={currency} goods={goods} />}
    </aside>
  );
}

function CartForm({ goods, lines, currency, onChange }: { goods: Good[]; lines: CartLine[]; currency: string; onChange: (lines: CartLine[]) => void }) {
  const { t } = useTranslation();
  const put = (at: number, line: Partial<CartLine>) => onChange(lines.map((old, index) => (index === at ? { ...old, ...line } : old)));
  const spare = goods.find((good) => !lines.some((line) => line.sku === good.sku));
  return (
    <div className="cart-form">
      {lines.map((line, at) => (
        <div className="row" key={`${at}-${line.sku}`}>
          <Choice className="cart-good" label={t("promotion.preview.good", { number: at + 1 })} value={line.sku} onChange={(sku) => put(at, { sku })} options={goods.map((good) => ({ value: good.sku, label: `${good.name} ${good.sku} ${money(good.price, currency)}` }))} />
          <span aria-hidden="true">×</span>
          <CountInput width={64} label={t("promotion.preview.quantity", { number: at + 1 })} value={line.quantity} onChange={(quantity) => put(at, { quantity: Math.min(999, Math.max(1, quantity ?? 1)) })} />
          <button type="button" className="icon" aria-label={t("promotion.preview.remove", { number: at + 1 })} onClick={() => onChange(lines.filter((_, index) => index !== at))}>
            ✕
          </button>
        </div>
      ))}
      {spare && (
        <Button size="small" type="dashed" onClick={() => onChange([...lines, { sku: spare.sku, quantity: 1 }])}>
          {t("promotion.preview.add")}
        </Button>
      )}
    </div>
  );
}

function Priced({ question, names, currency, goods }: { question: QuoteQuestion; names: Map<string, string>; currency: string; goods: Good[] }) {
  const { t } = useTranslation();
  const quote = useQuote(question);
  if (quote.error) {
    const problem = asApiError(quote.error);
    return problem.status === 400 ? <p className="note">{t("promotion.preview.incomplete")} {problem.fields[0]?.detail}</p> : <Failure error={quote.error} retry={() => void quote.refetch()} />;
  }
  if (!quote.data) return <Waiting lines={4} />;
  return <QuoteView quote={quote.data} names={names} goods={goods} currency={currency} busy={quote.isPlaceholderData} />;
}
