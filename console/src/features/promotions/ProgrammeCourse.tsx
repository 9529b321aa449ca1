import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useAllDocuments } from "@/api/documents/all";
import { pointsCourse } from "@/api/points-course";
import { asApiError } from "@/api/problem";
import type { Benefit, Item, PointsCourse, PointsProgrammeDocument, PromotionDocument } from "@/api/types";
import { Chart } from "@/components/chart/Chart";
import type { Drawing } from "@/components/chart/option";
import { Go } from "@/components/Go";
import { CountInput, MoneyInput } from "@/components/inputs";
import { Sentence } from "@/components/Sentence";
import { Failure, Waiting } from "@/components/states";
import { compact, count, exponent, money, percent, tick } from "@/lib/numbers";
import { usePreferences } from "@/lib/preferences";
import { useSettled } from "@/lib/useSettled";
import { climbs, firstMonth, heldWords, shareBack } from "./programme";
import { PercentInput } from "./ruleParts";
import { ruleWords } from "./words";

/** So many of the promotions that give points are named. */
const GIVING = 3;

type Giver = Item<PromotionDocument>;
interface Earning {
  points: number;
  every: number;
}

/** What the programme comes to for a customer who spends so much a month and keeps it all. */
export function ProgrammeCourse({ document }: { document: PointsProgrammeDocument }) {
  const { t } = useTranslation();
  const { holds, worth } = document;
  const { currency } = worth;
  const unit = 10 ** exponent(currency);
  const live = useAllDocuments("promotions", { state: "live" });
  const gives = holds === "money" ? "cashback" : "points";
  const giving = (live.data ?? []).filter((item) => item.document.benefit.type === gives && (item.document.currency ?? currency) === currency);
  const [spend, setSpend] = useState<number | null>(1_000 * unit);
  const [said, setSaid] = useState<Partial<Earning>>({});
  const earning = { ...(giving.map((item) => usualOf(item.document.benefit)).find(Boolean) ?? (holds === "money" ? { points: PERCENT, every: WHOLE } : { points: 1, every: unit })), ...said };
  const change = (next: Partial<Earning>) => setSaid({ ...said, ...next });
  return (
    <aside className="card beside stack" aria-label={t("programme.course.title")}>
      <h2>{t("programme.course.title")}</h2>
      <Sentence of="programme.course.spend" slots={{ spend: <MoneyInput label={t("programme.course.spendLabel")} currency={currency} value={spend} onChange={setSpend} /> }} />
      {holds === "money" ? (
        <Sentence of="programme.course.cashback" slots={{ percent: <PercentInput label={t("programme.course.percent")} value={String((earning.points / earning.every) * 100)} onChange={(text) => change({ points: Math.round(Number(text) * PERCENT), every: WHOLE })} /> }} />
      ) : (
        <Sentence
          of="programme.course.earn"
          slots={{
            every: <MoneyInput label={t("programme.course.every")} width={84} currency={currency} value={earning.every} onChange={(minor) => change({ every: minor ?? unit })} />,
            points: <CountInput label={t("programme.course.points")} width={64} value={earning.points} onChange={(many) => change({ points: many ?? 1 })} />,
          }}
        />
      )}
      {live.data && <Giving giving={giving} currency={currency} holds={holds} />}
      <Told document={document} spend={spend ?? 0} points={Math.max(1, earning.points)} every={Math.max(1, earning.every)} />
    </aside>
  );
}

/** One percent in hundredths of a percent, and all of it. */
const [PERCENT, WHOLE] = [100, 10_000];

/** What a promotion gives for money spent; null where it gives once. */
function usualOf(benefit: Benefit): Earning | null {
  if (benefit.type === "points") return typeof benefit.every_amount === "number" ? { points: benefit.points, every: benefit.every_amount } : null;
  return benefit.type === "cashback" && typeof benefit.percent === "string" ? { points: Math.max(1, Math.round(Number(benefit.percent) * PERCENT)), every: WHOLE } : null;
}

/** Which live promotions give points or cashback: the programme itself gives none. */
function Giving({ giving, currency, holds }: { giving: Giver[]; currency: string; holds: PointsProgrammeDocument["holds"] }) {
  const { t } = useTranslation();
  if (giving.length === 0) {
    return (
      <p className="notice warn">
        {t(holds === "money" ? "programme.course.nothingGivesMoney" : "programme.course.nothingGives")} <Go to="/promotions/new">{t("promotion.create")}</Go>
      </p>
    );
  }
  return (
    <div className="note">
      {t(holds === "money" ? "programme.course.givingMoney" : "programme.course.giving")}
      <ul className="plain">
        {giving.slice(0, GIVING).map((item) => (
          <li key={item.id} className="cut-line" title={ruleWords(t, item.document, currency)}>
            <Go to={`/promotions/${item.id}`}>{item.document.name}</Go>
          </li>
        ))}
      </ul>
      {giving.length > GIVING && t("programme.course.more", { count: giving.length - GIVING })}
    </div>
  );
}

function Told({ document, spend, points, every }: { document: PointsProgrammeDocument; spend: number; points: number; every: number }) {
  const { t } = useTranslation();
  const question = useSettled({ document: { ...document, name: document.name || t("programme.unnamed") }, spend_minor: Math.max(0, spend), points, every_amount: every, months: 24 });
  const course = useQuery({ queryKey: ["points", "course", question], queryFn: ({ signal }) => pointsCourse(question, signal), placeholderData: (previous) => previous, retry: false });
  if (course.error) {
    const problem = asApiError(course.error);
    return problem.status === 400 ? (
      <p className="note">
        {t("promotion.preview.incomplete")} {problem.fields[0]?.detail}
      </p>
    ) : (
      <Failure error={course.error} retry={() => void course.refetch()} />
    );
  }
  if (!course.data) return <Waiting lines={5} />;
  return <Drawn course={course.data} document={question.document} spend={question.spend_minor} />;
}

function Drawn({ course, document, spend }: { course: PointsCourse; document: PointsProgrammeDocument; spend: number }) {
  const { t } = useTranslation();
  const { language } = usePreferences();
  const drawing = useMemo<Drawing>(
    () => ({
      kind: "bar",
      labels: course.months.map((_, at) => String(at + 1)),
      series: (["balance", "expired"] as const).map((name) => ({ name: t(`programme.course.series.${name}`), values: course.months.map((month) => month[name]) })),
      format: (value) => heldWords(document.holds, value, course.currency),
      formatShort: (value) => (document.holds === "money" ? tick(value, "minor", course.currency, language) : compact(value, language)),
      stepMin: 1,
    }),
    [course, t, language, document.holds],
  );
  const last = course.months.at(-1);
  if (!last) return null;
  const lost = firstMonth(course, (month) => month.expired > 0);
  const isMoney = document.holds === "money";
  const gone = lost === null ? "" : heldWords(document.holds, course.months[lost - 1]?.expired ?? 0, course.currency);
  const back = shareBack(course, document, spend);
  return (
    <div className="stack" data-testid="points-course">
      <ul className="plain">
        {climbs(course, document.tiers).map(({ name, month }) => (
          <li key={name}>{month === null ? t("programme.course.notReached", { tier: name || t("programme.unnamed") }) : t("programme.course.reached", { tier: name || t("programme.unnamed"), month, day: course.months[month - 1]?.day })}</li>
        ))}
        <li>{lost === null ? t(isMoney ? "programme.course.nothingLostMoney" : "programme.course.nothingLost") : isMoney ? t("programme.course.lostMoney", { month: lost, amount: gone }) : t("programme.course.lost", { month: lost, points: gone })}</li>
        {back !== null && !isMoney && <li>{t("programme.course.back", { share: percent(back) })}</li>}
      </ul>
      <Chart title={isMoney ? t("programme.course.afterMoney", { worth: money(last.worth, course.currency) }) : t("programme.course.after", { points: count(last.balance), worth: money(last.worth, course.currency) })} name="points-course" axis={t("programme.course.month")} drawing={drawing} />
    </div>
  );
}
