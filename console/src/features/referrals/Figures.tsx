import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { usePages } from "@/api/pages-hook";
import { getReferralFigures } from "@/api/referral-figures";
import { listReferrals } from "@/api/referrals-list";
import type { Referral, ReferralFigures } from "@/api/types";
import { Choice } from "@/components/Choice";
import { Go } from "@/components/Go";
import { Empty, Loaded } from "@/components/states";
import { type Column, Table } from "@/components/Table";
import { count, DASH, money, percent } from "@/lib/numbers";
import { instantText, parseInstant } from "@/lib/time";
import { useParameter } from "@/lib/url";

const STATES = ["waiting", "ordered", "rewarded", "limited", "lapsed", "reversed", "refused"] as const;
const EVERY_MS = 10_000;
const PAGE_SIZE = 100;

/** What became of the newcomers, and who brought whom. */
export function Figures({ id, currency }: { id: string; currency: string }) {
  const figures = useQuery({ queryKey: ["referral-programmes", "figures", id], queryFn: ({ signal }) => getReferralFigures(id, signal), refetchInterval: EVERY_MS });
  return (
    <div className="stack">
      <Loaded query={figures}>{(shown) => <Summary figures={shown} currency={currency} />}</Loaded>
      <List id={id} currency={currency} />
    </div>
  );
}

function Summary({ figures, currency }: { figures: ReferralFigures; currency: string }) {
  const { t } = useTranslation();
  const { newcomers } = figures;
  const came = STATES.filter((state) => state !== "refused").reduce((sum, state) => sum + (newcomers[state] ?? 0), 0);
  const given = ({ type, amount }: ReferralFigures["rewards"][number]) => (type === "store_credit" ? ` · ${money(amount, currency)}` : type === "points" ? ` · ${t("referrals.words.points", { points: count(amount) })}` : "");
  return (
    <section className="card" data-testid="referral-figures">
      <h2>{came ? t("referrals.answer", { members: count(figures.members), came: count(came), share: percent(figures.conversion_percent / 100) }) : t("referrals.nobody", { members: count(figures.members) })}</h2>
      <dl className="facts">
        {STATES.map((state) => (
          <div key={state}>
            <dt title={t(`referrals.stateHelp.${state}`)}>{t(`referrals.states.${state}`)}</dt>
            <dd>{count(newcomers[state] ?? 0)}</dd>
          </div>
        ))}
        {figures.rewards.map((one) => (
          <div key={one.type}>
            <dt>{t("referrals.given", { reward: t(`referrals.rewards.${one.type}`) })}</dt>
            <dd>
              {count(one.count)}
              {given(one)}
            </dd>
          </div>
        ))}
      </dl>
      {figures.refused_by.length > 0 && <p className="note">{t("referrals.refusedBy", { signals: figures.refused_by.map((one) => `${t(`referrals.signals.${one.signal}`, { defaultValue: one.signal })} ${count(one.count)}`).join(" · ") })}</p>}
    </section>
  );
}

function List({ id, currency }: { id: string; currency: string }) {
  const { t } = useTranslation();
  const [state, setState] = useParameter("state", "all");
  const ask = { limit: PAGE_SIZE, ...(state === "all" ? {} : { state }) };
  const list = usePages(["referral-programmes", "referrals", id, ask], (cursor) => listReferrals(id, { ...ask, ...cursor }));
  const columns = useColumns(currency);
  const tools = <Choice label={t("table.state")} value={state} onChange={setState} options={["all", ...STATES].map((value) => ({ value, label: value === "all" ? t("referrals.all") : t(`referrals.states.${value}`) }))} />;
  return (
    <Loaded query={list}>
      {(items) => <Table name="referrals" caption={t("referrals.list")} columns={columns} rows={items} rowKey={(one) => one.id} more={list.more} tools={tools} empty={<Empty>{t(state === "all" ? "referrals.noReferrals" : "table.noMatch")}</Empty>} />}
    </Loaded>
  );
}

function useColumns(currency: string): Column<Referral>[] {
  const { t } = useTranslation();
  const at = (moment: string | null) => (moment ? instantText(parseInstant(moment) ?? 0).slice(0, 16) : DASH);
  const person = (id: string) => (id ? <Go to={`/audience/people/${encodeURIComponent(id)}`}>{id}</Go> : DASH);
  const reward = ({ reward: type, amount }: Referral) => (type === null ? DASH : type === "store_credit" ? money(amount, currency) : type === "points" ? t("referrals.words.points", { points: count(amount) }) : t(`referrals.rewards.${type}`));
  return [
    { id: "newcomer", title: t("referrals.columns.newcomer"), value: (one) => one.newcomer_id, cell: (one) => person(one.newcomer_id) },
    { id: "member", title: t("referrals.columns.member"), value: (one) => one.member_id, cell: (one) => person(one.member_id) },
    { id: "state", title: t("table.state"), value: (one) => one.state, cell: (one) => <span title={t(`referrals.stateHelp.${one.state}`, { defaultValue: "" })}>{t(`referrals.states.${one.state}`, { defaultValue: one.state })}</span> },
    { id: "signal", title: t("referrals.columns.signal"), value: (one) => one.signal, cell: (one) => (one.signal ? t(`referrals.signals.${one.signal}`, { defaultValue: one.signal }) : DASH) },
    { id: "accepted", title: t("referrals.columns.accepted"), value: (one) => one.accepted_at, cell: (one) => at(one.accepted_at) },
    { id: "due", title: t("referrals.columns.due"), value: (one) => one.due_at, cell: (one) => at(one.due_at) },
    { id: "reward", title: t("referrals.fields.reward"), numeric: true, value: (one) => one.amount, cell: reward },
    { id: "rewarded", title: t("referrals.columns.rewarded"), value: (one) => one.rewarded_at, cell: (one) => at(one.rewarded_at) },
  ];
}
