import { useMutation, useQuery } from "@tanstack/react-query";
import { Button, Progress } from "antd";
import { useTranslation } from "react-i18next";
import { cancelReplay } from "@/api/replay-cancel";
import { getReplay } from "@/api/replay-get";
import { startReplay } from "@/api/replay-start";
import type { DraftPromotion, OrderReplay as Replay } from "@/api/types";
import { Failure } from "@/components/states";
import { count, money } from "@/lib/numbers";

const EVERY_MS = 700;

/** Last week's orders priced again under the draft: started by hand, with progress, and its result. */
export function OrderReplay({ draft, currency }: { draft: DraftPromotion; currency: string }) {
  const { t } = useTranslation();
  const start = useMutation({ mutationFn: () => startReplay([draft]) });
  const id = start.data?.id ?? "";
  const replay = useQuery({
    queryKey: ["replay", id],
    queryFn: ({ signal }) => getReplay(id, signal),
    enabled: id !== "",
    refetchInterval: (query) => (query.state.data && query.state.data.status !== "running" ? false : EVERY_MS),
  });
  const running = start.isPending || (id !== "" && (!replay.data || replay.data.status === "running"));
  const error = start.error ?? replay.error;
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
      {replay.data && <Outcome replay={replay.data} currency={currency} />}
    </div>
  );
}

function Outcome({ replay, currency }: { replay: Replay; currency: string }) {
  const { t } = useTranslation();
  const { result, status } = replay;
  const share = replay.orders_total ? Math.round((replay.orders_read / replay.orders_total) * 100) : status === "done" ? 100 : 0;
  const more = (result?.draft.discount ?? 0) - (result?.live.discount ?? 0);
  return (
    <>
      {status === "running" && <Progress percent={share} size="small" aria-label={t("promotion.replay.progress")} />}
      {status === "done" && replay.orders_total === 0 && <p className="note">{t("promotion.replay.none")}</p>}
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
