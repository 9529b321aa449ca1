import { useTranslation } from "react-i18next";
import type { Mechanic } from "@/api/types";
import { CountInput, InstantInput } from "@/components/inputs";
import { Sentence } from "@/components/Sentence";
import { useSlots } from "./ruleParts";

const HOUR_MINUTES = 60;

/** 拼团, 砍价, 预售: what must happen before the benefit holds. */
export function MechanicForm({ mechanic, currency, onChange }: { mechanic: Mechanic; currency: string; onChange: (mechanic: Mechanic) => void }) {
  const { t } = useTranslation();
  const slots = useSlots(currency);
  const hours = "lasts_minutes" in mechanic ? (mechanic.lasts_minutes ?? 1_440) / HOUR_MINUTES : 24;
  const lasts = <CountInput width={64} label={t("promotion.slots.lastsHours")} value={Math.round(hours)} onChange={(next) => mechanic.type !== "presale" && onChange({ ...mechanic, lasts_minutes: (next ?? 1) * HOUR_MINUTES })} />;
  const instant = (name: string, value: string, put: (instant: string) => void) => <InstantInput label={t(`promotion.slots.${name}`)} value={value} onChange={(next) => next && put(next)} />;
  if (mechanic.type === "group")
    return (
      <Sentence
        of="promotion.sentence.group"
        slots={{
          size: slots.count("size", mechanic.size, (size) => onChange({ ...mechanic, size: size ?? 2 })),
          hours: lasts,
          joins: slots.count("joins", mechanic.joins_per_customer ?? 1, (joins_per_customer) => onChange({ ...mechanic, joins_per_customer })),
          newOnly: slots.flag("newOnly", mechanic.new_customers_only, (new_customers_only) => onChange({ ...mechanic, new_customers_only })),
        }}
      />
    );
  if (mechanic.type === "bargain")
    return (
      <Sentence
        of="promotion.sentence.bargain"
        slots={{
          floor: slots.money("floor", mechanic.floor, (floor) => onChange({ ...mechanic, floor: floor ?? 0 })),
          helpers: slots.count("helpers", mechanic.helpers, (helpers) => onChange({ ...mechanic, helpers: helpers ?? 1 })),
          hours: lasts,
          must: slots.flag("mustReach", mechanic.must_reach_floor, (must_reach_floor) => onChange({ ...mechanic, must_reach_floor })),
        }}
      />
    );
  return (
    <Sentence
      of="promotion.sentence.presale"
      slots={{
        deposit: slots.money("deposit", mechanic.deposit, (deposit) => onChange({ ...mechanic, deposit: deposit ?? 1 })),
        worth: slots.money("depositWorth", mechanic.deposit_worth, (deposit_worth) => onChange({ ...mechanic, deposit_worth: deposit_worth ?? 1 })),
        until: instant("depositUntil", mechanic.deposit_until, (deposit_until) => onChange({ ...mechanic, deposit_until })),
        from: instant("balanceFrom", mechanic.balance_from, (balance_from) => onChange({ ...mechanic, balance_from })),
        to: instant("balanceUntil", mechanic.balance_until, (balance_until) => onChange({ ...mechanic, balance_until })),
      }}
    />
  );
}
