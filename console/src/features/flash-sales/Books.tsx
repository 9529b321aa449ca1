import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { reconcileFlashSale } from "@/api/flash-sale-reconciliation";
import type { FlashSaleBooks } from "@/api/types";
import { Failure } from "@/components/states";
import { count } from "@/lib/numbers";
import type { Stock } from "./document";

const EVERY_MS = 15_000;

/** The ledger's books beside what the log tells: stock adds up, and every piece sold was told. */
export function Books({ id, session, selling, sold: stock }: { id: string; session: string; selling: boolean; sold: Stock }) {
  const { t } = useTranslation();
  const books = useQuery({ queryKey: ["flash-sales", "books", id, session], queryFn: ({ signal }) => reconcileFlashSale(id, session, signal), refetchInterval: EVERY_MS });
  const { sold, reserved, left } = stock;
  const adds = sold + reserved + left === stock.stock;
  return (
    <section className="card third books">
      <h2>{t("flash.books")}</h2>
      <p className="equation">
        <Verdict good={adds} /> {t("flash.equation", { sold: count(sold), reserved: count(reserved), left: count(left), stock: count(stock.stock) })}
      </p>
      {books.error ? <Failure error={books.error} retry={() => void books.refetch()} /> : books.data ? <Told books={books.data} selling={selling} /> : <i className="pending" />}
      <div>
        <Button size="small" loading={books.isFetching} onClick={() => void books.refetch()}>
          {t("flash.reckonAgain")}
        </Button>
      </div>
    </section>
  );
}

function Verdict({ good, late = false }: { good: boolean; late?: boolean }) {
  const { t } = useTranslation();
  if (!good && late) return <span className="on-its-way">{`… ${t("flash.coming")}`}</span>;
  return <span className={good ? "agrees" : "differs"}>{good ? `✓ ${t("flash.agrees")}` : `✕ ${t("flash.differs")}`}</span>;
}

/** Events come a second or two later: while it sells, what differs may only be on its way. */
function Told({ books, selling }: { books: FlashSaleBooks; selling: boolean }) {
  const { t } = useTranslation();
  const wrong = books.items.filter((item) => !item.agrees);
  return (
    <>
      <p className="equation">
        <Verdict good={books.agrees} late={selling} /> {t("flash.told", { sold: count(books.sold), committed: count(books.committed), returned: count(books.returned) })}
      </p>
      <p className="note">{t("flash.ordered", { ordered: count(books.ordered), committed: count(books.committed) })}</p>
      {wrong.length > 0 && (
        <ul className="plain">
          {wrong.slice(0, 5).map((item) => (
            <li key={item.sku}>{t("flash.wrongItem", { sku: item.sku, sold: count(item.sold), committed: count(item.committed - item.returned) })}</li>
          ))}
          <li className="note">{t("flash.onItsWay")}</li>
        </ul>
      )}
    </>
  );
}
