import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { CampaignDocument, Why } from "@/api/types";
import { Chart } from "@/components/chart/Chart";
import type { Drawing } from "@/components/chart/option";
import { Empty } from "@/components/states";
import { money } from "@/lib/numbers";
import { nameOf } from "./names";

const SHOWN_MAX = 12;
const IMPRESSIONS = 1_000;

/** Who bid, best first, by what a thousand impressions were taken to be worth. */
export function Ranking({ why, documents }: { why: Why; documents: Map<string, CampaignDocument> }) {
  const { t } = useTranslation();
  const { currency } = why.decision;
  const bidders = useMemo(() => why.candidates.filter((one) => one.outcome !== "filtered" && one.score !== null).sort((a, b) => (b.score ?? 0) - (a.score ?? 0)).slice(0, SHOWN_MAX), [why]);
  const drawing = useMemo<Drawing>(
    () => ({
      kind: "bar",
      lying: true,
      labels: bidders.map((one) => (one.outcome === "won" ? t("inspector.wonName", { name: nameOf(documents, one.campaign_id) }) : nameOf(documents, one.campaign_id))),
      series: [{ name: t("inspector.ecpm"), values: bidders.map((one) => Math.round((one.score ?? 0) * IMPRESSIONS)) }],
      format: (value) => money(value, currency),
      formatShort: (value) => money(value, currency).replace(/\.00$/, ""),
    }),
    [bidders, documents, currency, t],
  );
  const [first, second] = bidders;
  if (!first) return <Empty>{t("ads.why.noCandidates")}</Empty>;
  const lead = second?.score && first.score ? first.score / second.score - 1 : null;
  const title = lead === null ? t("inspector.alone", { name: nameOf(documents, first.campaign_id) }) : lead === 0 ? t("inspector.tie", { name: nameOf(documents, why.decision.campaign_id) }) : t("inspector.lead", { name: nameOf(documents, first.campaign_id), other: nameOf(documents, second?.campaign_id ?? ""), percent: Math.round(lead * 100) });
  return <Chart title={title} name={`auction-${why.decision.decision_id}`} axis={t("ads.fields.name")} drawing={drawing} />;
}
