import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { numeric, queryFigures } from "@/api/figures";
import { useAllDocuments } from "@/api/documents/all";
import type { CampaignDocument } from "@/api/types";
import { nowMs } from "@/lib/clock";
import { count, money } from "@/lib/numbers";
import { DAY_MS, dayStartMs, rfc3339, shopZone } from "@/lib/time";

interface Props {
  value: CampaignDocument;
  onBid: (minor: number) => void;
}

const LOOKED_BACK_DAYS = 30;
/** So much above the average price a bid usually wins. */
const ABOVE = 1.2;

/** What clicks cost on the chosen placements lately, and where the bid is below a floor. */
export function Suggestion({ value, onBid }: Props) {
  const { t } = useTranslation();
  const placements = useAllDocuments("placements");
  const lately = useQuery({ queryKey: ["bid-lately", value.placements, value.currency], queryFn: ({ signal }) => askLately(value, signal), enabled: value.placements.length > 0, staleTime: 60_000, retry: false });
  const places = (placements.data ?? []).filter((item) => value.placements.includes(item.id));
  const low = places.filter((item) => item.document.floor_minor > value.bid_minor);
  const floor = Math.max(0, ...places.map((item) => item.document.floor_minor));
  const clicks = numeric(lately.data, "clicks") ?? 0;
  const price = numeric(lately.data, "cpc");
  const suggested = price === null ? floor : Math.max(floor, Math.ceil(price * ABOVE));
  const say = (minor: number) => money(minor, value.currency);
  return (
    <>
      {low.length > 0 && <p className="notice warn">{t("wizard.belowFloor", { places: low.map((item) => item.document.name).join(t("targeting.list")) })}</p>}
      {lately.data !== undefined && (
        <p className="note row">
          {price === null || clicks === 0 ? t("wizard.noPrice", { days: LOOKED_BACK_DAYS, floor: say(floor) }) : t("wizard.lately", { days: LOOKED_BACK_DAYS, clicks: count(clicks), price: say(price), floor: say(floor) })}
          {suggested > 0 && suggested !== value.bid_minor && (
            <Button size="small" onClick={() => onBid(suggested)}>
              {t("wizard.useBid", { bid: say(suggested) })}
            </Button>
          )}
        </p>
      )}
    </>
  );
}

async function askLately({ placements, currency }: CampaignDocument, signal: AbortSignal) {
  const until = dayStartMs(nowMs()) + DAY_MS;
  const figures = await queryFigures({ metrics: ["clicks", "cpc"], filters: { placement: placements }, from: rfc3339(until - LOOKED_BACK_DAYS * DAY_MS), to: rfc3339(until), timezone: shopZone(), currency }, signal);
  return figures.rows[0] ?? {};
}
