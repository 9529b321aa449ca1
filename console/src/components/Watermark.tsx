import { useTranslation } from "react-i18next";
import { nowMs } from "@/lib/clock";
import { clockText, dayOf, instantText, parseInstant } from "@/lib/time";

/** Figures older than this are no longer called fresh. */
const FRESH_MS = 60_000;

/** 截至 12:03:05 ●: up to when the numbers are complete. */
export function Watermark({ at }: { at: string | null | undefined }) {
  const { t } = useTranslation();
  const ms = parseInstant(at);
  if (ms === null) return <span className="watermark">{t("figures.noWatermark")}</span>;
  const fresh = nowMs() - ms < FRESH_MS;
  const text = dayOf(ms) === dayOf(nowMs()) ? clockText(ms) : instantText(ms).slice(0, 16);
  return (
    <span className={fresh ? "watermark fresh" : "watermark"} title={t(fresh ? "figures.fresh" : "figures.stale")}>
      {t("figures.asOf", { time: text })} <i aria-hidden="true">{fresh ? "●" : "○"}</i>
    </span>
  );
}
