import { Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Go } from "@/components/Go";
import { count, money } from "@/lib/numbers";
import { byReason, type ReasonGroup, type Refused } from "./trial";

const STEP = 50;

interface Props {
  refused: Refused[];
  names: Map<string, string>;
  currency: string;
}

/** Those that do not apply, by reason: what nearly holds first, with how much is missing. */
export function TrialRefused({ refused, names, currency }: Props) {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  const wanted = text.trim().toLowerCase();
  const found = wanted ? refused.filter((one) => [one.name, one.promotion_id, one.code].some((word) => word?.toLowerCase().includes(wanted))) : refused;
  return (
    <section className="card" data-testid="trial-refused">
      <div className="card-head">
        <h2>{refused.length ? t("trying.refused", { count: refused.length }) : t("trying.refusedNone")}</h2>
        {refused.length > 0 && <Input.Search size="small" allowClear style={{ width: 220 }} aria-label={t("trying.find")} placeholder={t("trying.find")} value={text} onChange={(event) => setText(event.target.value)} />}
      </div>
      {wanted && (
        <p className="note" role="status">
          {t("trying.found", { count: found.length })}
        </p>
      )}
      <ul className="trial-reasons">
        {byReason(found).map((group) => (
          <li key={group.reason}>
            <Reason group={group} names={names} currency={currency} open={wanted !== ""} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Reason({ group, names, currency, open }: { group: ReasonGroup; names: Map<string, string>; currency: string; open: boolean }) {
  const { t } = useTranslation();
  const [shown, setShown] = useState(STEP);
  const [unfolded, setUnfolded] = useState(false);
  const [first] = group.items;
  const near = first && shortWords(t, first, currency);
  const left = group.items.length - shown;
  return (
    <details open={open || unfolded} onToggle={(event) => setUnfolded(event.currentTarget.open)}>
      <summary>
        <strong>{reasonWords(t, group.reason)}</strong>
        <span className="num">{count(group.items.length)}</span>
        {near && <span className="note">{t("trying.nearest", { amount: near })}</span>}
      </summary>
      {(open || unfolded) && (
        <ul>
          {group.items.slice(0, shown).map((one) => (
            <li key={one.promotion_id ?? one.code} className="trial-row">
              <span>{one.promotion_id ? <Go to={`/promotions/${one.promotion_id}`}>{one.name ?? one.promotion_id}</Go> : <code>{one.code}</code>}</span>
              <span className="note">{one.other ? t("trying.byOther", { name: names.get(one.other) ?? one.other }) : shortWords(t, one, currency)}</span>
            </li>
          ))}
          {left > 0 && (
            <li>
              <button type="button" className="link" onClick={() => setShown(shown + STEP * 4)}>
                {t("trying.more", { count: left })}
              </button>
            </li>
          )}
        </ul>
      )}
    </details>
  );
}

type Translate = (key: string, vars?: Record<string, unknown>) => string;

/** A reason in words: those of common use, else those of this page. */
const reasonWords = (t: Translate, reason: string) => t(`reasons.${reason}`, { defaultValue: t(`whyNot.${reason}`, { defaultValue: reason }) });

const amountWords = (one: Refused, currency: string) => (one.shortfall_unit === "minor" ? money(one.shortfall, currency) : count(one.shortfall));

function shortWords(t: Translate, one: Refused, currency: string): string {
  if (typeof one.shortfall !== "number" || !one.shortfall_unit) return "";
  return t(`trying.short.${one.shortfall_unit}`, { amount: amountWords(one, currency) });
}
