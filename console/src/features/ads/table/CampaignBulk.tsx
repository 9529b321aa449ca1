import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { CountInput } from "@/components/inputs";
import { useConfirm } from "@/components/useConfirm";
import { useMoves } from "@/features/ads/moves";
import { money } from "@/lib/numbers";
import { type Amount, type Campaign, type Edit, moving, scaling } from "./changes";
import { useChanges } from "./useChanges";

const STEP_PERCENT = 10;
const PERCENT_MAX = 1_000;

/** What can be done with the chosen campaigns together. */
export function CampaignBulk({ items, clear }: { items: Campaign[]; clear: () => void }) {
  const { t } = useTranslation();
  const { moveAll } = useMoves();
  const { change, progress, stop } = useChanges();
  const confirm = useConfirm();
  const [percent, setPercent] = useState<number | null>(STEP_PERCENT);
  const pause = () => change(items, (item) => moving(item, "pause"), "", (changed) => t("bulk.paused", { count: changed.length }));
  const scale = (amount: Amount, by: number) => {
    const edit = (item: Campaign): Edit | null => scaling(item, amount, by);
    const what = t(`ads.fields.${amount}`);
    const words = t(by > 0 ? "bulk.up" : "bulk.down", { what, percent: Math.abs(by) });
    return confirm({
      title: t("bulk.scaleTitle", { words, count: items.length }),
      touches: <Sums items={items} amount={amount} edit={edit} />,
      undo: t("bulk.scaleUndo"),
      verb: words,
      run: () => change(items, edit, words, (changed) => t("bulk.scaled", { count: changed.length, words })),
    });
  };
  if (progress) {
    return (
      <>
        <progress value={progress.done} max={progress.of} aria-label={t("bulk.progress")} />
        <span className="note">{t("bulk.progressOf", { done: progress.done, of: progress.of })}</span>
        <Button size="small" onClick={stop}>
          {t("bulk.stop")}
        </Button>
      </>
    );
  }
  const by = Math.min(percent ?? 0, PERCENT_MAX);
  return (
    <>
      <Button size="small" onClick={() => moveAll(items.map(({ id }) => id), "publish", clear)}>
        {t("act.publish")}
      </Button>
      <Button size="small" onClick={() => void pause()}>
        {t("act.pause")}
      </Button>
      <CountInput label={t("bulk.percent")} width={72} suffix="%" value={percent} onChange={setPercent} />
      {(["daily_budget_minor", "bid_minor"] as const).map((amount) => (
        <span key={amount} className="row" role="group" aria-label={t(`ads.fields.${amount}`)}>
          <span className="note">{t(`bulk.short.${amount}`)}</span>
          {([1, -1] as const).map((sign) => (
            <Button key={sign} size="small" disabled={by <= 0 || (sign < 0 && by >= 100)} aria-label={t(sign > 0 ? "bulk.up" : "bulk.down", { what: t(`ads.fields.${amount}`), percent: by })} onClick={() => scale(amount, sign * by)}>
              {sign > 0 ? "+" : "−"}
            </Button>
          ))}
        </span>
      ))}
      <Button size="small" onClick={() => moveAll(items.map(({ id }) => id), "archive", clear)}>
        {t("act.archive")}
      </Button>
    </>
  );
}

/** What all of them together may cost before and after, a currency a line. */
function Sums({ items, amount, edit }: { items: Campaign[]; amount: Amount; edit: (item: Campaign) => Edit | null }) {
  const { t } = useTranslation();
  const currencies = [...new Set(items.map((item) => item.document.currency))];
  const after = (item: Campaign) => {
    const made = edit(item);
    return made && "document" in made ? made.document[amount] : item.document[amount];
  };
  return currencies.map((currency) => {
    const own = items.filter((item) => item.document.currency === currency);
    const sum = (of: (item: Campaign) => number) => money(own.reduce((total, item) => total + of(item), 0), currency);
    return <p key={currency}>{t(amount === "bid_minor" ? "bulk.sumBids" : "bulk.sumBudgets", { count: own.length, from: sum((item) => item.document[amount]), to: sum(after) })}</p>;
  });
}
