import { useTranslation } from "react-i18next";
import { useNames } from "@/api/documents/all";
import type { CampaignDocument } from "@/api/types";
import { capWords } from "@/features/ads/capWords";
import { isWeek } from "@/features/ads/targeting/grid";
import { read } from "@/features/ads/targeting/tree";
import { clausesIn } from "@/features/ads/targeting/reach";
import { weekWords } from "@/features/ads/targeting/words";
import { money } from "@/lib/numbers";
import { instantText, parseInstant } from "@/lib/time";
import type { Step } from "./steps";

/** Everything in a few lines, each a way back to where it is said, and what it can cost. */
export function Review({ value, onGo }: { value: CampaignDocument; onGo: (step: Step) => void }) {
  const { t } = useTranslation();
  const say = (minor: number) => money(minor, value.currency);
  const rows = useRows(value);
  return (
    <>
      <dl className="review">
        {rows.map(([step, name, words]) => (
          <div key={name}>
            <dt>{t(`wizard.review.${name}`)}</dt>
            <dd>
              {words}{" "}
              <button type="button" className="link" aria-label={t("wizard.changeWhat", { what: t(`wizard.review.${name}`) })} onClick={() => onGo(step)}>
                {t("wizard.change")}
              </button>
            </dd>
          </div>
        ))}
      </dl>
      <p className="notice">
        {t("ads.move.touches.publish")} {t("ads.move.cost", { budget: say(value.daily_budget_minor), bid: say(value.bid_minor), placements: value.placements.length })} {t("ads.move.undo.publish")}
      </p>
    </>
  );
}

function useRows(value: CampaignDocument): [Step, string, string][] {
  const { t } = useTranslation();
  const placements = useNames("placements");
  const payers = useNames("advertisers");
  const segments = useNames("segments");
  const { targeting } = value;
  const list = (ids: string[] | undefined, names: Map<string, string>, none: string) => (ids?.length ? ids.map((id) => names.get(id) ?? id).join(t("targeting.list")) : none);
  const week = isWeek(value.hours) ? value.hours : null;
  const root = read(targeting.expression);
  const clauses = root ? clausesIn(root).length : 0;
  const instant = (text: string | null, none: string) => (text ? instantText(parseInstant(text) ?? 0).slice(0, 16) : none);
  const audience = [list(targeting.segments_any, segments, t("ads.everyone")), list(targeting.channels_any, new Map(), t("ads.allChannels")), ...(clauses ? [t("wizard.clauses", { count: clauses })] : [])];
  const say = (minor: number) => money(minor, value.currency);
  return [
    ["goods", "goods", value.creatives.map((one) => one.title || t("ads.untitled")).join(t("targeting.list"))],
    ["audience", "audience", audience.join(" · ")],
    ["audience", "caps", value.caps.map((cap) => capWords(t, cap)).join(t("targeting.grid.join")) || t("caps.unlimited")],
    ["budget", "payer", payers.get(value.advertiser) ?? value.advertiser],
    ["budget", "places", list(value.placements, placements, "—")],
    ["budget", "money", t("wizard.moneyWords", { strategy: t(`ads.strategies.${value.strategy?.kind ?? "manual"}`), bid: say(value.bid_minor), budget: say(value.daily_budget_minor) })],
    ["budget", "time", `${instant(value.starts_at, t("ads.atOnce"))} – ${instant(value.ends_at, t("ads.noEnd"))}${week ? ` · ${weekWords(t, week)}` : ""}`],
  ];
}
