import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useAllDocuments } from "@/api/documents/all";
import { reachOf } from "@/api/forecast";
import { previewSegment } from "@/api/segment-preview";
import type { CampaignDocument } from "@/api/types";
import { Failure, Waiting } from "@/components/states";
import { Watermark } from "@/components/Watermark";
import { compact, count, percent } from "@/lib/numbers";
import { usePreferences } from "@/lib/preferences";
import { useSettled } from "@/lib/useSettled";
import { countable } from "./targeting/reach";

const EVERY_MS = 15_000;

/** How many people the targeting holds, moving as it is written. */
export function AdReach({ targeting, placements }: { targeting: CampaignDocument["targeting"]; placements: string[] }) {
  const { t } = useTranslation();
  const { language } = usePreferences();
  const segments = useAllDocuments("segments");
  const asked = useSettled(countable(targeting, segments.data ?? []));
  const preview = useQuery({
    queryKey: ["preview", asked?.expression],
    queryFn: ({ signal }) => previewSegment((asked as NonNullable<typeof asked>).expression, signal),
    enabled: asked !== null,
    placeholderData: keepPreviousData,
    refetchInterval: EVERY_MS,
    retry: false,
  });
  const data = preview.data;
  return (
    <aside className="card" aria-label={t("adReach.title")} aria-live="polite">
      <h2>{t("adReach.title")}</h2>
      {preview.error && <Failure error={preview.error} retry={() => void preview.refetch()} />}
      {!data && !preview.error && (asked ? <Waiting lines={2} /> : <p className="note">{t("adReach.unknown")}</p>)}
      {data && (
        <>
          <p className="big" title={count(data.count)} data-testid="reach">
            {compact(data.count, language)}
          </p>
          <p className="note">{data.count === data.total ? t("adReach.everyone", { total: count(data.total) }) : t("adReach.of", { total: count(data.total), share: percent(data.total ? data.count / data.total : null) })}</p>
          {data.count === 0 && data.total > 0 && <p className="notice warn">{t("adReach.nobody")}</p>}
          {asked && asked.others > 0 && <p className="note">{t("adReach.moment", { count: asked.others })}</p>}
          <p>
            <Watermark at={data.watermark} />
          </p>
        </>
      )}
      <Comers targeting={targeting} placements={placements} />
    </aside>
  );
}

/** Of those who came lately, how many it would meet: also by what only the moment tells. */
function Comers({ targeting, placements }: { targeting: CampaignDocument["targeting"]; placements: string[] }) {
  const { t } = useTranslation();
  const { language } = usePreferences();
  const asked = useSettled({ targeting, placements });
  const reach = useQuery({ queryKey: ["ad-reach", asked], queryFn: ({ signal }) => reachOf(asked.targeting, asked.placements, signal), placeholderData: keepPreviousData, retry: false, staleTime: 60_000 });
  if (!reach.data || reach.data.sample.opportunities === 0) return null;
  const { people, opportunities_a_day } = reach.data.reach;
  const say = (one: number) => compact(Math.round(one), language);
  return (
    <p className="note" data-testid="comers">
      {t(say(reach.data.reach.people.low) === say(reach.data.reach.people.high) ? "adReach.comersAll" : "adReach.comers", { people: say(people.expected), low: say(people.low), high: say(people.high), chances: say(opportunities_a_day) })}
    </p>
  );
}
