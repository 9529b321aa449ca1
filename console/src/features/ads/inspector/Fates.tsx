import { useTranslation } from "react-i18next";
import type { CampaignDocument, Why } from "@/api/types";
import { Go } from "@/components/Go";
import { StateTag } from "@/components/StateTag";
import { Empty } from "@/components/states";
import { type Column, Table } from "@/components/Table";
import { capWords } from "@/features/ads/capWords";
import { clauseWords } from "@/features/ads/targeting/clauseWords";
import { clauseAt } from "@/features/ads/targeting/tree";
import { count, DASH, money, percent } from "@/lib/numbers";
import { nameOf, reasonWords } from "./names";

type Candidate = Why["candidates"][number];

interface Props {
  candidates: Candidate[];
  decision: Why["decision"];
  documents: Map<string, CampaignDocument>;
}

/** Every campaign's fate, with the clause, cap, budget or floor that decided. */
export function Fates({ candidates, decision, documents }: Props) {
  const { t } = useTranslation();
  const { currency } = decision;
  const name = (one: Candidate) => nameOf(documents, one.campaign_id);
  const rate = (value: number | null | undefined) => (value === null || value === undefined ? DASH : percent(value));
  const columns: Column<Candidate>[] = [
    { id: "campaign", title: t("ads.fields.name"), value: name, cell: (one) => <Go to={`/ads/${one.campaign_id}`}>{name(one)}</Go> },
    { id: "outcome", title: t("ads.why.outcome"), value: (one) => one.outcome, cell: (one) => <StateTag state={one.outcome} /> },
    { id: "reason", title: t("ads.why.reason"), value: (one) => reasonWords(t, one.reason), cell: (one) => <Because candidate={one} decision={decision} document={documents.get(one.campaign_id)} /> },
    { id: "bid", title: t("burn.bid"), numeric: true, value: (one) => one.bid_minor, cell: (one) => money(one.bid_minor, currency) },
    { id: "ctr", title: t("inspector.pctr"), help: t("inspector.pctrHelp"), numeric: true, value: (one) => one.click_rate ?? null, cell: (one) => rate(one.click_rate) },
    { id: "cvr", title: t("inspector.pcvr"), numeric: true, optional: true, value: (one) => one.conversion_rate ?? null, cell: (one) => rate(one.conversion_rate) },
    { id: "quality", title: t("inspector.quality"), help: t("inspector.qualityHelp"), numeric: true, optional: true, value: (one) => one.quality ?? null, cell: (one) => one.quality?.toFixed(2) ?? DASH },
    { id: "score", title: t("inspector.ecpm"), help: t("inspector.ecpmHelp"), numeric: true, value: (one) => one.score, cell: (one) => money(one.score === null ? null : Math.round(one.score * 1_000), currency) },
    { id: "propensity", title: t("ads.why.propensity"), numeric: true, optional: true, value: (one) => one.propensity, cell: (one) => one.propensity.toFixed(3) },
  ];
  return <Table name="candidates" caption={t("ads.why.candidates")} columns={columns} rows={candidates} rowKey={(one) => one.campaign_id + one.group_id} empty={<Empty>{t("ads.why.noCandidates")}</Empty>} />;
}

/** The reason in words; what a cap, a clause, a floor or a draw saw, below it. */
function Because({ candidate, decision, document }: { candidate: Candidate; decision: Why["decision"]; document: CampaignDocument | undefined }) {
  const { t } = useTranslation();
  const { reason, cap, clause, probability } = candidate;
  const asked = clause && document ? clauseAt(document.targeting.expression ?? null, clause.path) : null;
  return (
    <div>
      {reasonWords(t, reason)}
      {cap && <p className="note">{t("caps.why", { shown: count(cap.shown), cap: capWords(t, cap) })}</p>}
      {clause && (
        <p className="note" title={clause.path}>
          {t("inspector.clause", { clause: asked ? clauseWords(t, asked) : clause.path, seen: seenWords(t, clause.seen) })}
        </p>
      )}
      {reason === "below_floor" && <p className="note">{t("inspector.belowFloor", { bid: money(candidate.bid_minor, decision.currency), floor: money(decision.floor_minor, decision.currency) })}</p>}
      {probability !== null && probability !== undefined && reason === "pacing" && <p className="note">{t("inspector.paced", { share: percent(probability) })}</p>}
      {!candidate.recorded && <p className="note">{t("inspector.notRecorded")}</p>}
    </div>
  );
}

type Translate = (key: string, vars?: Record<string, unknown>) => string;

function seenWords(t: Translate, seen: unknown): string {
  if (seen === null || seen === undefined) return t("inspector.unknown");
  if (Array.isArray(seen)) return seen.length ? seen.map(String).join(t("targeting.list")) : t("inspector.nothing");
  return typeof seen === "object" ? JSON.stringify(seen) : String(seen);
}
