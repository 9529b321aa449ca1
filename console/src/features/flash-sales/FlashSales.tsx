import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { getFlashSaleState } from "@/api/flash-sale-state";
import { useMayWrite } from "@/api/session-hook";
import { DocumentList } from "@/components/DocumentList";
import { Go } from "@/components/Go";
import { Page } from "@/components/Page";
import { StateTag } from "@/components/StateTag";
import type { Column } from "@/components/Table";
import { usePromotionTabs } from "@/lib/usePromotionTabs";
import { count, DASH, money } from "@/lib/numbers";
import { useGo } from "@/lib/url";
import { type SaleItem, stockOf } from "./document";
import { useSaleMoves } from "./moves";
import { StockBar } from "./StockBar";
import { sessionText } from "./words";

const EVERY_MS = 5_000;

/** All flash sales, with the session of now of those that are published. */
export function FlashSales() {
  const { t } = useTranslation();
  const go = useGo();
  const tabs = usePromotionTabs();
  const { moveAll } = useSaleMoves();
  const columns = useColumns();
  const create = useMayWrite() && (
    <Button type="primary" onClick={() => go("/promotions/flash-sales/new")}>
      {t("flash.create")}
    </Button>
  );
  return (
    <Page title={t("stages.promotions")} name={t("flash.sales")} action={create} tabs={tabs} tab="flash-sales">
      <DocumentList kind="flash-sales" caption={t("flash.sales")} columns={columns} none={t("flash.none")} create={create} moveAll={moveAll} />
    </Page>
  );
}

function useColumns(): Column<SaleItem>[] {
  const { t } = useTranslation();
  return [
    { id: "name", title: t("flash.fields.name"), value: (item) => item.document.name, cell: (item) => <Go to={`/promotions/flash-sales/${item.id}`}>{item.document.name}</Go> },
    { id: "state", title: t("table.state"), value: (item) => item.state, cell: (item) => <StateTag state={item.state} /> },
    { id: "phase", title: t("flash.phase"), cell: (item) => <Live item={item} show={(state) => t(`flash.phases.${state.phase}`)} /> },
    { id: "session", title: t("flash.session"), cell: (item) => <Live item={item} show={(state) => <span className="nowrap">{sessionText(state.session)}</span>} /> },
    { id: "goods", title: t("flash.goods"), numeric: true, value: (item) => item.document.items.length, cell: (item) => count(item.document.items.length) },
    { id: "stock", title: t("flash.stock"), cell: (item) => <Live item={item} show={(state) => <StockBar stock={stockOf(state)} small />} /> },
    { id: "sold", title: t("flash.sold"), numeric: true, cell: (item) => <Live item={item} show={(state) => count(stockOf(state).sold)} /> },
    { id: "taken", title: t("flash.taken"), numeric: true, cell: (item) => <Live item={item} show={(state) => money(stockOf(state).taken, state.currency)} /> },
  ];
}

/** Something of the session of now; only published sales have one. The cells of a row share one question. */
function Live({ item, show }: { item: SaleItem; show: (state: Awaited<ReturnType<typeof getFlashSaleState>>) => React.ReactNode }) {
  const { t } = useTranslation();
  const isKnown = item.state === "live" || item.state === "paused";
  const state = useQuery({ queryKey: ["flash-sales", "state", item.id], queryFn: ({ signal }) => getFlashSaleState(item.id, signal), enabled: isKnown, refetchInterval: EVERY_MS });
  if (!isKnown) return <span title={t("flash.notPublished")}>{DASH}</span>;
  if (state.data) return <>{show(state.data)}</>;
  return state.error ? <span title={t("flash.unknownNow")}>{DASH}</span> : <i className="pending" />;
}
