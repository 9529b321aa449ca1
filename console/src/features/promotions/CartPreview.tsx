import { useQuery } from "@tanstack/react-query";
import { Button, Switch } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import { useAllDocuments } from "@/api/documents/all";
import { listProducts } from "@/api/products-list";
import { asApiError } from "@/api/problem";
import { type CartLine, quoteCart } from "@/api/quote";
import type { Product, PromotionDocument } from "@/api/types";
import { Choice } from "@/components/Choice";
import { CountInput } from "@/components/inputs";
import { useSettled } from "@/lib/useSettled";
import { Empty, Failure, Waiting } from "@/components/states";
import { money } from "@/lib/numbers";
import { trimmed } from "./document";
import { QuoteView } from "./QuoteView";

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
    if (lines === null && first) setLines(sampleCart(goods, document));
  }, [lines, first, goods, document]);
  const cart = lines ?? [];
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
      {goods.length > 0 && <CartForm goods={goods} lines={cart} currency={currency} onChange={setLines} />}
      {cart.length > 0 && <Priced id={id} document={document} lines={cart} currency={currency} withLive={withLive} goods={goods} />}
    </aside>
  );
}

export interface Good {
  sku: string;
  name: string;
  price: number;
}

function goodsOf(products: Product[], currency: string): Good[] {
  return products.flatMap((product) =>
    product.skus.filter((sku) => sku.currency === currency).map((sku) => ({ sku: sku.sku, name: product.name, price: sku.price_minor })),
  );
}

/** A cart that shows the rule at work: goods in scope, enough of them to reach the threshold. */
function sampleCart(goods: Good[], document: PromotionDocument): CartLine[] {
  const wanted = document.scope.skus?.length ? goods.filter((good) => document.scope.skus?.includes(good.sku)) : goods;
  const goal = document.benefit.type === "threshold" ? (document.benefit.tiers[0]?.at_least ?? 0) : 0;
  // Goods well below the threshold make a cart that people recognise.
  const byPrice = [...wanted].sort((a, b) => Math.abs(a.price - goal / 2) - Math.abs(b.price - goal / 2));
  const one = byPrice[0] ?? goods[0];
  if (!one) return [];
  const two = byPrice.find((good) => good.name !== one.name) ?? goods.find((good) => good.sku !== one.sku);
  const quantity = Math.max(1, Math.min(99, Math.ceil((goal - (two?.price ?? 0)) / Math.max(1, one.price))));
  return [{ sku: one.sku, quantity }, ...(two ? [{ sku: two.sku, quantity: 1 }] : [])];
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

function Priced({ id, document, lines, currency, withLive, goods }: Props & { id: string; lines: CartLine[]; currency: string; withLive: boolean; goods: Good[] }) {
  const { t } = useTranslation();
  const live = useAllDocuments("promotions", { state: "live" });
  const others = withLive ? (live.data ?? []).filter((item) => item.id !== id && !item.document.code_batch) : [];
  // The window and the code are left out: the preview shows the rule, not today's date.
  const draft = { ...trimmed(document), id, name: document.name || t("promotion.preview.draft"), starts_at: null, ends_at: null, code_batch: null };
  const question = useSettled({
    currency,
    cart: { lines: lines.map((line, at) => ({ ...line, id: String(at + 1) })) },
    promotions: [draft, ...others.map((item) => ({ ...item.document, id: item.id }))],
    customer: { segments: document.condition.segments_any ?? [] },
    ...(document.condition.channels_any?.[0] ? { channel: document.condition.channels_any[0] } : {}),
    options: { explain: true, suggest: true },
  });
  const quote = useQuery({
    queryKey: ["quote", question],
    queryFn: ({ signal }) => quoteCart(question, signal),
    placeholderData: (previous) => previous,
    retry: false,
  });
  if (quote.error) {
    const problem = asApiError(quote.error);
    return problem.status === 400 ? <p className="note">{t("promotion.preview.incomplete")} {problem.fields[0]?.detail}</p> : <Failure error={quote.error} retry={() => void quote.refetch()} />;
  }
  if (!quote.data) return <Waiting lines={4} />;
  const names = new Map([[id, document.name || t("promotion.preview.draft")], ...others.map((item): [string, string] => [item.id, item.document.name])]);
  return <QuoteView quote={quote.data} names={names} goods={goods} currency={currency} busy={quote.isPlaceholderData} />;
}
