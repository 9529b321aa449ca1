import { useMutation, useQuery } from "@tanstack/react-query";
import { Button, Progress } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { asApiError } from "@/api/problem";
import { cancelReplay } from "@/api/replay-cancel";
import { getReplay } from "@/api/replay-get";
import { startReplay } from "@/api/replay-start";
import type { DraftPromotion, OrderReplay as Replay } from "@/api/types";
import { Failure } from "@/components/states";
import { count, money } from "@/lib/numbers";
import { useParameter } from "@/lib/url";

const EVERY_MS = 700;

/** Last week's orders priced again under the draft: started by hand, with progress; the address finds it again. */
export function OrderReplay({ draft, currency }: { draft: DraftPromotion; currency: string }) {
  const { t } = useTranslation();
  const [id, setId] = useParameter("replay", "");
  const [of, setOf] = useState<string | null>(null);
  const now = JSON.stringify(draft);
  const start = useMutation({
    mutationFn: () => startReplay([draft]),
    onSuccess: (begun) => {
      setOf(now);
      setId(begun.id);
    },
  });
  const replay = useQuery({
    queryKey: ["replay", id],
    queryFn: ({ signal }) => getReplay(id, signal),
    enabled: id !== "",
    retry: false,
    refetchInterval: (query) => (query.state.data && query.state.data.status !== "running" ? false : EVERY_MS),
  });
  // Replays are kept for a while only; an old address begins anew.
  const isGone = replay.error !== null && asApiError(replay.error).status === 404;
  const running = start.isPending || (id !== "" && !replay.error && (!replay.data || replay.data.status === "running"));
  const error = start.error ?? (isGone ? null : replay.error);
  return (
    <div className="replay">
      <div className="row">
        <Button size="small" loading={running} onClick={() => start.mutate()}>
          {t("promotion.replay.start")}
        </Button>
        {running && id !== "" && (
          <Button size="small" type="text" onClick={() => void cancelReplay(id).then(() => replay.refetch())}>
            {t("act.cancel")}
          </Button>
        )}
      </div>
      {error && <Failure error={error} retry={() => start.mutate()} />}
      {running && <Read replay={replay.data} />}
      {!running && replay.data && !isGone && <Outcome replay={replay.data} currency={currency} isOld={of !== null && of !== now} />}
    </div>
  );
}

/** How far it is, in orders. */
function Read({ replay }: { replay: Replay | undefined }) {
  const { t } = useTranslation();
  const [read, total] = [replay?.orders_read ?? 0, replay?.orders_total ?? 0];
  return (
    <div>
      <Progress percent={total ? Math.floor((read / total) * 100) : 0} size="small" status="active" aria-label={t("promotion.replay.progress")} />
      <p className="note" role="status">
        {total ? t("promotion.replay.read", { read: count(read), total: count(total) }) : t("promotion.replay.finding")}
      </p>
    </div>
  );
}

function Outcome({ replay, currency, isOld }: { replay: Replay; currency: string; isOld: boolean }) {
  const { t } = useTranslation();
  const { result, status } = replay;
  const more = (result?.draft.discount ?? 0) - (result?.live.discount ?? 0);
  if (status === "done" && replay.orders_total === 0) return <p className="note">{t("promotion.replay.none")}</p>;
  return (
    <>
      {isOld && <p className="notice warn">{t("promotion.replay.old")}</p>}
      {status !== "done" && (
        <p className={status === "failed" ? "check bad" : "note"}>
          {t("promotion.replay.stopped", { read: count(replay.orders_read), total: count(replay.orders_total) })} {replay.failure}
        </p>
      )}
      {result && replay.orders_read > 0 && (
        <dl className="facts replay-result" data-testid="replay-result">
          <Fact name={t("promotion.replay.orders")} value={t("promotion.replay.ofOrders", { touched: count(result.touched.orders ?? 0), orders: count(result.draft.orders ?? 0) })} />
          <Fact name={t("promotion.replay.customers")} value={count(result.touched.customers ?? 0)} />
          <Fact name={t("promotion.replay.discount")} value={`${more > 0 ? "+" : ""}${money(more, currency)}`} />
          <Fact name={t("promotion.replay.margin")} value={`${money(result.live.margin ?? 0, currency)} → ${money(result.draft.margin ?? 0, currency)}`} />
        </dl>
      )}
    </>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="num">{value}</dd>
    </div>
  );
}
