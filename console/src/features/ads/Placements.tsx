import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Item, PlacementDocument } from "@/api/types";
import { DocumentList } from "@/components/DocumentList";
import { Go } from "@/components/Go";
import { StateTag } from "@/components/StateTag";
import type { Column } from "@/components/Table";
import { useMoves } from "@/components/useMoves";
import { useFigureColumns } from "@/components/useFigureColumns";
import { count, DASH, money } from "@/lib/numbers";
import { instantText, parseInstant } from "@/lib/time";
import { UNITS } from "./metrics";
import { writeSizes } from "./sizes";

const SIZES_SHOWN = 2;
const METRICS = ["impressions", "clicks", "ctr", "cost"];

/** Places on pages where an ad can stand, with the least that a click costs there. */
export function Placements({ create }: { create: ReactNode }) {
  const { t } = useTranslation();
  const { moveAll } = useMoves({ kind: "placements", words: "placements" });
  const figures = useFigureColumns<Item<PlacementDocument>>("placement", METRICS, UNITS);
  const columns: Column<Item<PlacementDocument>>[] = [
    { id: "name", title: t("placements.fields.name"), value: (item) => item.document.name, cell: (item) => <Go to={`/ads/placements/${item.id}`}>{item.document.name}</Go> },
    { id: "id", title: t("placements.id"), help: t("placements.idHelp"), value: (item) => item.id, cell: (item) => <code>{item.id}</code> },
    { id: "state", title: t("table.state"), value: (item) => item.state, cell: (item) => <StateTag state={item.state} /> },
    { id: "format", title: t("placements.fields.format"), value: (item) => item.document.format ?? "", cell: ({ document }) => [document.format ? t(`placements.formats.${document.format}`) : t("placements.anyFormat"), ...writeSizes(document.sizes ?? []).slice(0, SIZES_SHOWN)].join(" · ") },
    { id: "channel", title: t("placements.fields.channel"), optional: true, value: (item) => item.document.channel ?? "shop", cell: (item) => t(`placements.channels.${item.document.channel ?? "shop"}`) },
    { id: "auction", title: t("placements.fields.auction"), value: (item) => item.document.auction ?? "second_price", cell: (item) => t(`inspector.auctions.${item.document.auction ?? "second_price"}`) },
    { id: "floor", title: t("placements.fields.floor_minor"), help: t("placements.help.floor_minor"), numeric: true, value: (item) => item.document.floor_minor, cell: (item) => money(item.document.floor_minor, item.document.currency) },
    { id: "floors", title: t("placements.moreFloors"), numeric: true, value: (item) => item.document.floors?.length ?? 0, cell: ({ document }) => (document.floors?.length ? count(document.floors.length) : DASH) },
    ...figures,
    { id: "changed", title: t("table.changed"), optional: true, value: (item) => item.updated_at, cell: (item) => instantText(parseInstant(item.updated_at) ?? 0) },
  ];
  return <DocumentList kind="placements" caption={t("ads.tabs.placements")} columns={columns} none={t("placements.none")} create={create} moveAll={moveAll} />;
}
