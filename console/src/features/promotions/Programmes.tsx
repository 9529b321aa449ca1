import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { PointsProgramme } from "@/api/types";
import { DocumentList } from "@/components/DocumentList";
import { Go } from "@/components/Go";
import { StateTag } from "@/components/StateTag";
import type { Column } from "@/components/Table";
import { useMoves } from "@/components/useMoves";
import { count, money } from "@/lib/numbers";
import { expiryWords, thresholdWords } from "./programme";

/** All points programmes; one of them is live at a time. */
export function Programmes({ create }: { create: ReactNode }) {
  const { t } = useTranslation();
  const { moveAll } = useMoves({ kind: "points-programmes", words: "programme" });
  const tiers = ({ document }: PointsProgramme) => document.tiers.map((tier) => `${tier.name} ${thresholdWords(document, tier.at_least)}`).join(" · ");
  const columns: Column<PointsProgramme>[] = [
    { id: "name", title: t("programme.fields.name"), value: (item) => item.document.name, cell: (item) => <Go to={`/promotions/points/${item.id}`}>{item.document.name}</Go> },
    { id: "state", title: t("table.state"), value: (item) => item.state, cell: (item) => <StateTag state={item.state} /> },
    { id: "holds", title: t("programme.fields.holds"), value: (item) => item.document.holds, cell: (item) => t(`programme.choices.holds.${item.document.holds}`) },
    { id: "worth", title: t("programme.fields.worth"), cell: ({ document: { holds, worth } }) => (holds === "money" ? worth.currency : t("programme.words.worth", { points: count(worth.points), amount: money(worth.amount, worth.currency) })) },
    { id: "available", title: t("programme.fields.available_after_days"), value: (item) => item.document.available_after_days, cell: ({ document }) => (document.available_after_days ? t("programme.words.after", { count: document.available_after_days }) : t("programme.words.atOnce")) },
    { id: "expires", title: t("programme.fields.expires"), value: (item) => item.document.expires_after, cell: ({ document }) => expiryWords(t, document) },
    { id: "tiers", title: t("programme.tiers"), value: (item) => item.document.tiers.length, cell: (item) => <span className="cut">{tiers(item) || t("programme.words.noTiers")}</span> },
  ];
  return <DocumentList kind="points-programmes" caption={t("programme.all")} columns={columns} none={t("points.none")} create={create} moveAll={moveAll} />;
}
