import { useInfiniteQuery } from "@tanstack/react-query";
import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { getCustomerAccount } from "@/api/points-customer";
import { useMayWrite } from "@/api/session-hook";
import type { CustomerPoints, PointsMove, PointsProgramme } from "@/api/types";
import { Empty, Loaded } from "@/components/states";
import { type Column, Table } from "@/components/Table";
import { count, money } from "@/lib/numbers";
import { instantText, parseInstant } from "@/lib/time";
import { useParameter } from "@/lib/url";
import { AdjustPoints } from "./AdjustPoints";
import { heldWords } from "./programme";

/** One customer's account: found by id, with what is there, what comes and goes, and the movements. */
export function PointsCustomer({ programme }: { programme: PointsProgramme }) {
  const { t } = useTranslation();
  const [customer, setCustomer] = useParameter("customer", "");
  const [text, setText] = useState(customer);
  return (
    <section className="card stack" aria-label={t("points.lookUp")}>
      <h2>{t("points.lookUp")}</h2>
      <Input.Search style={{ maxWidth: 360 }} allowClear enterButton={t("points.find")} aria-label={t("points.customer")} placeholder={t("points.customerHint")} value={text} onChange={(event) => setText(event.target.value)} onSearch={(value) => setCustomer(value.trim())} />
      {customer && <Account key={customer} customer={customer} programme={programme} />}
    </section>
  );
}

function Account({ customer, programme }: { customer: string; programme: PointsProgramme }) {
  const { t } = useTranslation();
  const [adjusting, setAdjusting] = useState(false);
  const mayWrite = useMayWrite();
  const pages = useInfiniteQuery({
    queryKey: ["points", "customer", programme.id, customer],
    queryFn: ({ pageParam, signal }) => getCustomerAccount(programme.document.holds, customer, pageParam, signal),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor ?? undefined,
  });
  const say = (amount: number) => heldWords(programme.document.holds, amount, programme.document.worth.currency);
  const columns = useColumns(say);
  return (
    <Loaded query={pages}>
      {({ pages: found }) => {
        const [first] = found;
        if (!first) return null;
        return (
          <>
            <Balance points={first} say={say} isMoney={programme.document.holds === "money"} />
            {mayWrite && (
              <div>
                <Button onClick={() => setAdjusting(true)}>{t(programme.document.holds === "money" ? "points.adjustMoney" : "points.adjust")}</Button>
              </div>
            )}
            <Table
              name="points-moves"
              caption={t("points.moves")}
              columns={columns}
              rows={found.flatMap((page) => page.moves)}
              rowKey={(move) => move.id}
              empty={<Empty>{t("points.noMoves")}</Empty>}
              more={{ has: pages.hasNextPage, busy: pages.isFetchingNextPage, load: () => void pages.fetchNextPage() }}
            />
            {adjusting && <AdjustPoints programme={programme} points={first} onClose={() => setAdjusting(false)} />}
          </>
        );
      }}
    </Loaded>
  );
}

type Say = (amount: number) => string;

function Balance({ points, say, isMoney }: { points: CustomerPoints; say: Say; isMoney: boolean }) {
  const { t } = useTranslation();
  const { tier } = points;
  const next = points.becoming_available[0];
  const going = points.expiring[0];
  const missing = tier.by === "spend" ? money(tier.missing, points.currency) : count(tier.missing);
  const tiers: [string, string][] = [[t("points.tier"), tier.name ?? t("points.noTier")], ...(tier.next ? [[t("points.toNext", { tier: tier.next }), missing] as [string, string]] : [])];
  const facts: [string, string][] = [
    [t("points.balance"), isMoney ? say(points.balance) : `${say(points.balance)} · ${money(points.worth, points.currency)}`],
    [t("points.held"), say(points.held)],
    [t("points.pending"), next ? t("points.from", { points: say(points.pending), at: dayOf(next.at) }) : say(points.pending)],
    [t("points.expiring"), going ? t("points.on", { points: say(going.points), at: lastDayOf(going.at) }) : t("points.never")],
    [t("points.owed"), say(points.owed)],
    ...(isMoney ? [] : tiers),
  ];
  return (
    <dl className="facts" data-testid="points-balance">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Points that are lost at midnight can be used on the day before. */
const lastDayOf = (at: string) => instantText((parseInstant(at) ?? 0) - 1).slice(0, 10);
const dayOf = (at: string) => instantText(parseInstant(at) ?? 0).slice(0, 10);

function useColumns(say: Say): Column<PointsMove>[] {
  const { t } = useTranslation();
  return [
    { id: "at", title: t("points.at"), value: (move) => move.at, cell: (move) => instantText(parseInstant(move.at) ?? 0) },
    { id: "kind", title: t("points.kind"), value: (move) => move.kind, cell: (move) => t(`points.kinds.${move.kind}`) },
    { id: "points", title: t("points.points"), numeric: true, value: (move) => move.points, cell: (move) => `${move.points > 0 ? "+" : "−"}${say(Math.abs(move.points))}` },
    { id: "state", title: t("table.state"), value: (move) => move.state, cell: (move) => t(`points.states.${move.state}`) },
    { id: "order", title: t("points.order"), value: (move) => move.order_id ?? "", cell: (move) => move.order_id ?? "" },
    { id: "reason", title: t("points.reason"), value: (move) => move.reason ?? "", cell: (move) => move.reason ?? "" },
    { id: "expires", title: t("points.expires"), optional: true, value: (move) => move.expires_at ?? "", cell: (move) => (move.expires_at ? lastDayOf(move.expires_at) : "") },
  ];
}
