import { useTranslation } from "react-i18next";
import { useEffectOf, useReconciliation } from "@/api/effect-hook";
import type { Effect } from "@/api/types";
import { Empty, Loaded } from "@/components/states";
import { Watermark } from "@/components/Watermark";
import { count, money, percent } from "@/lib/numbers";
import { rangeWords, signed } from "./effect";
import { useNoted } from "./useNoted";
import { EffectBooks } from "./EffectBooks";
import { EffectCharts } from "./EffectCharts";
import { EffectFigures } from "./EffectFigures";
import { EffectLift } from "./EffectLift";
import "./effect.css";

/** What became of a promotion: what it cost and sold, what it added, whether the books agree. */
export function EffectTab({ id }: { id: string }) {
  const now = useEffectOf(id, "now");
  const before = useEffectOf(id, "before");
  const books = useReconciliation(id);
  return <Loaded query={{ ...now, data: now.data ?? undefined }} lines={8}>{(effect) => <Told effect={effect} before={before.data ?? null} books={books} />}</Loaded>;
}

function Told({ effect, before, books }: { effect: Effect; before: Effect | null; books: ReturnType<typeof useReconciliation> }) {
  const { t } = useTranslation();
  const noted = useNoted();
  const { figures, lift, currency } = effect;
  const empty = figures.orders === 0 && figures.uses === 0 && lift.arms.every((arm) => arm.customers === 0) && (effect.shown.customers ?? 0) === 0;
  return (
    <div className="stack effect" data-testid="effect">
      {empty ? (
        <section className="card">
          <Empty>{t("effect.none")}</Empty>
        </section>
      ) : (
        <>
          <section className="card">
            <h2 data-testid="effect-answer">{answerOf(t, effect)}</h2>
            <p className="note">{[noted(lift.note), moreWords(t, effect)].filter(Boolean).join(" · ")}</p>
            <EffectFigures effect={effect} before={before} />
            {effect.other_currencies.length > 0 && <p className="note">{t("effect.otherCurrencies", { currencies: effect.other_currencies.join(", ") })}</p>}
          </section>
          <EffectLift effect={effect} />
          <EffectCharts effect={effect} before={before} />
        </>
      )}
      <EffectBooks query={books} currency={currency} />
      <Watermark at={effect.watermark} />
    </div>
  );
}

type Translate = (key: string, vars?: Record<string, unknown>) => string;

/** The page in one sentence. */
function answerOf(t: Translate, { lift, figures, currency }: Effect): string {
  const basics = { orders: count(figures.orders), discount: money(figures.discount_net, currency) };
  const conversion = lift.comparisons.find((one) => one.metric === "conversion");
  if (lift.status !== "measured" || !conversion?.difference || conversion.verdict === "not_enough") return t(`effect.answer.${lift.status === "measured" ? "not_enough" : lift.status}`, basics);
  const shown = conversion.relative ?? conversion.difference;
  const change = percent(Math.abs(shown.value));
  return t(`effect.answer.${conversion.verdict}`, { change, range: rangeWords(t, shown, signed), orders: count(Math.round(lift.incremental?.orders?.value ?? 0)) });
}

/** How many more people it takes to see a difference worth seeing. */
function moreWords(t: Translate, { lift }: Effect): string {
  const more = lift.comparisons.find((one) => one.metric === "conversion")?.more_customers;
  if (typeof more !== "number") return "";
  return t(more > 0 ? "effect.answer.more" : "effect.answer.enough", { count: count(more), detect: percent(lift.detect_share) });
}
