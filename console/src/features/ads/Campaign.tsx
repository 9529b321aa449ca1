import { useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useNames } from "@/api/documents/all";
import { useDocument } from "@/api/documents/hooks";
import type { CampaignDocument, Item } from "@/api/types";
import { DocumentActions } from "@/components/DocumentActions";
import { describer } from "@/components/describe";
import { History } from "@/components/History";
import { Page } from "@/components/Page";
import { Results } from "@/components/Results";
import { StateTag } from "@/components/StateTag";
import { Loaded } from "@/components/states";
import { money } from "@/lib/numbers";
import { instantText, parseInstant } from "@/lib/time";
import { useParameter } from "@/lib/url";
import { BurnDown } from "./BurnDown";
import { bids } from "./table/changes";
import { CampaignDeals } from "./deals/CampaignDeals";
import { capWords } from "./capWords";
import { Creatives } from "./Creatives";
import { useMoves } from "./moves";
import { Pacing } from "./Pacing";
import { Funnel } from "./Funnel";
import { METRICS, UNITS } from "./metrics";

/** One campaign: how it runs, what it brings, its history. */
export function Campaign() {
  const { t } = useTranslation();
  const { id } = useParams({ strict: false }) as { id: string };
  const item = useDocument("campaigns", id);
  const { move } = useMoves();
  const [tab] = useParameter("tab", "overview");
  const tabs = ["overview", "results", "history"].map((name) => ({ id: name, label: t(`tabs.${name}`) }));
  return (
    <Page
      title={item.data?.document.name ?? t("stages.ads")}
      back={{ to: "/ads", label: t("stages.ads") }}
      status={item.data && <StateTag state={item.data.state} />}
      action={item.data && <DocumentActions<"campaigns"> item={item.data} edit={`/ads/${id}/edit`} move={move} />}
      tabs={tabs}
    >
      <Loaded query={item}>
        {(loaded) => (
          <>
            {tab === "overview" && <Facts item={loaded} />}
            {tab === "results" && (
              <Results metrics={METRICS} units={UNITS} of="campaign" id={id} also={["conversions"]}>
                {(figure) => <Funnel figure={figure} />}
              </Results>
            )}
            {tab === "history" && (
              <section className="card">
                <History kind="campaigns" id={id} describe={describer(t, "ads.fields", loaded.document.currency)} />
              </section>
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Facts({ item }: { item: Item<CampaignDocument> }) {
  const { t } = useTranslation();
  const { document } = item;
  const placements = useNames("placements");
  const payers = useNames("advertisers");
  const segments = useNames("segments");
  const list = (ids: string[] | undefined, names: Map<string, string>, none: string) => (ids?.length ? ids.map((id) => names.get(id) ?? id).join(", ") : none);
  const instant = (text: string | null, none: string) => (text ? instantText(parseInstant(text) ?? 0).slice(0, 16) : none);
  const own: [string, string][] = [
    ["bid_minor", money(document.bid_minor, document.currency)],
    ["daily_budget_minor", money(document.daily_budget_minor, document.currency)],
  ];
  const facts: [string, string][] = [
    ...(bids(document) ? own : [["sold", t(`ads.solds.help.${document.sold ?? "auction"}`)] as [string, string]]),
    ["advertiser", payers.get(document.advertiser) ?? document.advertiser],
    ["placements", list(document.placements, placements, "—")],
    ["targeting_segments_any", list(document.targeting?.segments_any, segments, t("ads.everyone"))],
    ["targeting_channels_any", list(document.targeting?.channels_any, new Map(), t("ads.allChannels"))],
    ["caps", document.caps.map((cap) => capWords(t, cap)).join("; ") || t("caps.unlimited")],
    ["starts_at", instant(document.starts_at, t("ads.atOnce"))],
    ["ends_at", instant(document.ends_at, t("ads.noEnd"))],
  ];
  return (
    <div className="two">
      <div className="stack">
        {bids(document) && item.state === "live" && <BurnDown id={item.id} />}
        {bids(document) && <Pacing id={item.id} document={document} alone={item.state !== "live"} />}
        {document.sold === "booked" && <CampaignDeals id={item.id} />}
        <section className="card">
          <dl className="facts">
            {facts.map(([name, value]) => (
              <div key={name}>
                <dt>{t(`ads.fields.${name}`)}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </section>
      </div>
      <Creatives creatives={document.creatives} />
    </div>
  );
}
