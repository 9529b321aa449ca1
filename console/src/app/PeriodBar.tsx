import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import { Choice } from "@/components/Choice";
import { nowMs } from "@/lib/clock";
import { COMPARISONS, isPeriod, PERIODS, spanOf } from "@/lib/period";
import { dayOf } from "@/lib/time";
import { useSetAddress } from "@/lib/url";
import { usePeriod } from "@/lib/usePeriod";

const CUSTOM = "custom";

/** Which days the page shows, what they are compared with, and the currency where there are several. */
export function PeriodBar() {
  const { t } = useTranslation();
  const { period, comparison } = usePeriod();
  const set = useSetAddress();
  const named = (PERIODS as readonly string[]).includes(period);
  const [typing, setTyping] = useState(false);
  const custom = typing || !named;
  const choose = (value: string) => {
    setTyping(value === CUSTOM);
    if (value !== CUSTOM) set({ period: value === "today" ? undefined : value });
  };
  return (
    <div className="period" role="group" aria-label={t("frame.period")}>
      <Choice
        label={t("frame.period")}
        value={custom ? CUSTOM : period}
        onChange={choose}
        options={[...PERIODS.map((value) => ({ value: value as string, label: t(`period.${value}`) })), { value: CUSTOM, label: t("period.custom") }]}
      />
      {custom && <Days period={period} onChange={(value) => set({ period: value })} />}
      <span className="note">{t("frame.versus")}</span>
      <Choice
        label={t("frame.compare")}
        value={comparison}
        onChange={(value) => set({ compare: value === "week" ? undefined : value })}
        options={COMPARISONS.map((value) => ({ value, label: t(`compare.${value}`) }))}
      />
      <Currencies />
    </div>
  );
}

function Days({ period, onChange }: { period: string; onChange: (period: string) => void }) {
  const { t } = useTranslation();
  const span = spanOf(period, nowMs());
  const [from, setFrom] = useState(dayOf(span.fromMs));
  const [to, setTo] = useState(dayOf(span.untilMs - 1));
  const set = (start: string, end: string) => {
    setFrom(start);
    setTo(end);
    if (isPeriod(`${start}~${end}`)) onChange(`${start}~${end}`);
  };
  return (
    <>
      <input type="date" className="choice" aria-label={t("period.from")} value={from} onChange={(event) => set(event.target.value, to)} />
      <input type="date" className="choice" aria-label={t("period.to")} value={to} onChange={(event) => set(from, event.target.value)} />
    </>
  );
}

function Currencies() {
  const { t } = useTranslation();
  const { currency, currencies } = useCurrency();
  const set = useSetAddress();
  if (currencies.length < 2) return null;
  return <Choice label={t("frame.currency")} value={currency} onChange={(value) => set({ currency: value })} options={currencies.map((value) => ({ value, label: value }))} />;
}
