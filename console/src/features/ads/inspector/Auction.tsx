import { useTranslation } from "react-i18next";
import { useAllDocuments, useNames } from "@/api/documents/all";
import type { Why } from "@/api/types";
import { Json } from "@/components/Json";
import { money, percent } from "@/lib/numbers";
import { instantText, parseInstant } from "@/lib/time";
import { AskCampaign } from "./AskCampaign";
import { Fates } from "./Fates";
import { Losses } from "./Losses";
import { Ranking } from "./Ranking";

/** One auction: its verdict, the ranking, what became of the rest, and the record it is replayed from. */
export function Auction({ why }: { why: Why }) {
  const { t } = useTranslation();
  const campaigns = useAllDocuments("campaigns");
  const documents = new Map(campaigns.data?.map((item) => [item.id, item.document]));
  const bidders = why.candidates.filter((one) => one.outcome !== "filtered");
  return (
    <>
      <p className={why.replay.equal ? "notice" : "notice warn"}>
        {t(why.replay.equal ? "ads.why.equal" : "ads.why.differs")} · {t("inspector.summary", { all: why.candidates.length + why.not_listed, bidders: bidders.length })}
        {!why.replay.equal && why.replay.differences.length > 0 && <code>{why.replay.differences.join(" · ")}</code>}
      </p>
      <Facts why={why} />
      <div className="two">
        <Ranking why={why} documents={documents} />
        <Losses why={why} />
      </div>
      <Fates candidates={why.candidates} decision={why.decision} documents={documents} />
      {why.not_listed > 0 && <p className="note">{t("inspector.notListed", { count: why.not_listed })}</p>}
      <AskCampaign why={why} documents={documents} />
      <section className="card">
        <h2>{t("ads.why.logged")}</h2>
        <Json value={why.decision} open />
      </section>
    </>
  );
}

function Facts({ why: { decision } }: { why: Why }) {
  const { t } = useTranslation();
  const places = useNames("placements");
  const segments = useNames("segments");
  const facts: [string, string][] = [
    ["at", instantText(parseInstant(decision.at) ?? 0)],
    ["placement", places.get(decision.placement) ?? decision.placement],
    ["price", `${money(decision.price_minor, decision.currency)} · ${t(`inspector.pricings.${decision.pricing}`)}`],
    ["floor", `${money(decision.floor_minor, decision.currency)}${decision.floor_rule === "floor_minor" ? "" : ` · ${decision.floor_rule}`}`],
    ["rule", `${t(`inspector.auctions.${decision.auction}`)}${decision.slot_percent === 100 ? "" : ` · ${t("inspector.slot", { slot: (decision.slot ?? 0) + 1, share: percent((decision.slot_percent ?? 100) / 100) })}`}`],
    ["channel", decision.channel || t("inspector.unknown")],
    ["segments", decision.segments.map((id) => segments.get(id) ?? id).join(t("targeting.list")) || t("inspector.noSegments")],
  ];
  return (
    <section className="card">
      <dl className="facts">
        {facts.map(([name, words]) => (
          <div key={name}>
            <dt>{t(`inspector.${name}`)}</dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
