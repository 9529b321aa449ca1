import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { numeric } from "@/api/figures";
import { useFigures } from "@/api/figures-hook";
import { useMayWrite } from "@/api/session-hook";
import type { Item, LandingPageDocument } from "@/api/types";
import { DocumentList } from "@/components/DocumentList";
import { Go } from "@/components/Go";
import { Page } from "@/components/Page";
import { StateTag } from "@/components/StateTag";
import type { Column } from "@/components/Table";
import { useMoves } from "@/components/useMoves";
import { DASH, exact, unitOf } from "@/lib/numbers";
import { instantText, parseInstant } from "@/lib/time";
import { useGo } from "@/lib/url";
import { usePromotionTabs } from "@/lib/usePromotionTabs";
import { METRICS, placementOf } from "./figures";

/** All landing pages with their visits and clicks. */
export function LandingPages() {
  const { t } = useTranslation();
  const go = useGo();
  const tabs = usePromotionTabs();
  const columns = useColumns();
  const { moveAll } = useMoves({ kind: "landing-pages", words: "landing" });
  const create = useMayWrite() && (
    <Button type="primary" onClick={() => go("/promotions/pages/new")}>
      {t("landing.create")}
    </Button>
  );
  return (
    <Page title={t("stages.promotions")} name={t("landing.pages")} action={create} tabs={tabs} tab="pages">
      <DocumentList kind="landing-pages" caption={t("landing.pages")} columns={columns} none={t("landing.none")} create={create} moveAll={moveAll} />
    </Page>
  );
}

function useColumns(): Column<Item<LandingPageDocument>>[] {
  const { t } = useTranslation();
  const figures = useFigures({ metrics: [...METRICS], dimensions: ["placement"] });
  const rows = new Map(figures.data?.rows.map((row) => [String(row.placement), row]));
  const figure = (item: Item<LandingPageDocument>, name: string) => numeric(rows.get(placementOf(item.id)), name);
  const cell = (item: Item<LandingPageDocument>, name: string) => {
    if (figures.data) return exact(figure(item, name), unitOf(name, "count"), "");
    return figures.error ? <span title={t("figures.failed")}>{DASH}</span> : <i className="pending" role="img" aria-label={t("state.loading")} />;
  };
  const time = ({ starts_at, ends_at }: LandingPageDocument) => [starts_at, ends_at].map((at) => (at ? instantText(parseInstant(at) ?? 0).slice(5, 16) : "")).join(" – ");
  return [
    { id: "name", title: t("landing.fields.name"), value: (item) => item.document.name, cell: (item) => <Go to={`/promotions/pages/${item.id}`}>{item.document.name}</Go> },
    { id: "state", title: t("table.state"), value: (item) => item.state, cell: (item) => <StateTag state={item.state} /> },
    { id: "address", title: t("landing.fields.slug"), value: (item) => item.document.slug, cell: (item) => <Address item={item} /> },
    { id: "time", title: t("promotion.time"), value: (item) => item.document.starts_at ?? null, cell: ({ document }) => (document.starts_at || document.ends_at ? time(document) : t("promotion.words.always")) },
    ...METRICS.map((name) => ({ id: name, title: t(`metrics.${name}`), help: t(`definitions.${name}`), numeric: true, value: (item: Item<LandingPageDocument>) => figure(item, name), cell: (item: Item<LandingPageDocument>) => cell(item, name) })),
    { id: "changed", title: t("table.changed"), value: (item) => item.updated_at, cell: (item) => instantText(parseInstant(item.updated_at) ?? 0).slice(0, 16) },
  ];
}

function Address({ item }: { item: Item<LandingPageDocument> }) {
  const path = `/p/${item.document.slug}`;
  if (item.state !== "live") return path;
  return (
    <a href={path} target="_blank" rel="noreferrer">
      {path}
    </a>
  );
}
