import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Input, Progress } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { batchGifts, cancelGift, giveCoupons } from "@/api/batch-gifts";
import { useAllDocuments, useNames } from "@/api/documents/all";
import { previewSegment } from "@/api/segment-preview";
import { useMayWrite } from "@/api/session-hook";
import type { Gift, NewGift } from "@/api/types";
import { Choice } from "@/components/Choice";
import { StateTag } from "@/components/StateTag";
import { Empty, Failure, Loaded } from "@/components/states";
import { useConfirm } from "@/components/useConfirm";
import { count } from "@/lib/numbers";
import { instantText, parseInstant } from "@/lib/time";
import { useBatchStatistics } from "./BatchStates";

const EVERY_MS = 700;
const CALM_MS = 10_000;
const isOver = (gift: Gift) => gift.state !== "queued" && gift.state !== "running";

/** Give coupons to the members of a segment or to customers by name, and see how far each giving is. */
export function BatchGifts({ id, name }: { id: string; name: string }) {
  const { t } = useTranslation();
  const gifts = useQuery({
    queryKey: ["coupon-batches", "gifts", id],
    queryFn: ({ signal }) => batchGifts(id, signal),
    refetchInterval: ({ state }) => (state.data?.some((gift) => !isOver(gift)) ? EVERY_MS : CALM_MS),
  });
  return (
    <div className="stack">
      {useMayWrite() && <Give id={id} name={name} />}
      <section className="card">
        <h2>{t("coupons.gifts.past")}</h2>
        <Loaded query={gifts} lines={2}>
          {(items) =>
            items.length === 0 ? (
              <Empty>{t("coupons.gifts.none")}</Empty>
            ) : (
              <ul className="plain">
                {items.map((gift) => (
                  <OneGift key={gift.id} gift={gift} />
                ))}
              </ul>
            )
          }
        </Loaded>
      </section>
    </div>
  );
}

function Give({ id, name }: { id: string; name: string }) {
  const { t } = useTranslation();
  const [how, setHow] = useState<"segment" | "names">("segment");
  const [segment, setSegment] = useState("");
  const [text, setText] = useState("");
  const segments = useAllDocuments("segments", { state: "live" });
  const chosen = segments.data?.find((one) => one.id === segment);
  const size = useQuery({ queryKey: ["segments", "size", segment, chosen?.revision], queryFn: () => previewSegment(chosen?.document.expression ?? { all: [] }), enabled: Boolean(chosen), staleTime: 60_000 });
  const statistics = useBatchStatistics(id);
  const names = [...new Set(text.split(/[\s,，]+/).filter(Boolean))];
  const queries = useQueryClient();
  const giving = useMutation({ mutationFn: (body: NewGift) => giveCoupons(id, body), onSettled: () => void queries.invalidateQueries({ queryKey: ["coupon-batches"] }) });
  const confirm = useConfirm();
  const people = how === "segment" ? size.data?.count : names.length;
  const left = statistics.data ? statistics.data.codes - statistics.data.issued : undefined;
  const ask = () =>
    confirm({
      title: t("coupons.gifts.ask", { name }),
      touches: (
        <>
          <p>{t("coupons.gifts.touches", { people: count(people), left: count(left) })}</p>
          {people !== undefined && left !== undefined && people > left && <p className="check bad">{t("coupons.gifts.tooFew")}</p>}
        </>
      ),
      undo: t("coupons.gifts.undo"),
      verb: t("coupons.gifts.verb"),
      run: async () => {
        await giving.mutateAsync(how === "segment" ? { segment_id: segment } : { customer_ids: names });
        setText("");
      },
    });
  return (
    <section className="card stack">
      <h2>{t("coupons.gifts.title")}</h2>
      <div className="row">
        <Choice label={t("coupons.gifts.how")} value={how} onChange={setHow} options={(["segment", "names"] as const).map((value) => ({ value, label: t(`coupons.gifts.hows.${value}`) }))} />
        {how === "segment" && (
          <Choice label={t("coupons.gifts.segment")} value={segment} onChange={setSegment} options={[{ value: "", label: t("coupons.gifts.choose") }, ...(segments.data ?? []).map((one) => ({ value: one.id, label: one.document.name }))]} />
        )}
      </div>
      {how === "names" && <Input.TextArea rows={4} aria-label={t("coupons.gifts.names")} placeholder={t("coupons.gifts.namesHelp")} value={text} onChange={(event) => setText(event.target.value)} />}
      {people !== undefined && people > 0 && <p className="note">{t("coupons.gifts.people", { people: count(people) })}</p>}
      {giving.error && <Failure error={giving.error} />}
      <div>
        <Button type="primary" disabled={how === "segment" ? !segment : names.length === 0} loading={giving.isPending} onClick={ask}>
          {t("coupons.gifts.verb")}
        </Button>
      </div>
    </section>
  );
}

function OneGift({ gift }: { gift: Gift }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const segments = useNames("segments");
  const mayWrite = useMayWrite();
  const cancelling = useMutation({ mutationFn: () => cancelGift(gift.batch_id, gift.id), onSettled: () => void queries.invalidateQueries({ queryKey: ["coupon-batches", "gifts", gift.batch_id] }) });
  const whom = gift.segment_id ? (segments.get(gift.segment_id) ?? gift.segment_id) : t("coupons.gifts.toNames", { people: count(gift.total) });
  const share = gift.total ? Math.floor((gift.given / gift.total) * 100) : isOver(gift) ? 100 : 0;
  return (
    <li className="gift">
      <div className="row">
        <strong>{whom}</strong>
        <StateTag state={gift.state} />
        <span className="note">{instantText(parseInstant(gift.created_at) ?? 0)}</span>
        {!isOver(gift) && mayWrite && (
          <Button size="small" loading={cancelling.isPending} onClick={() => cancelling.mutate()}>
            {t("coupons.gifts.stop")}
          </Button>
        )}
      </div>
      <Progress percent={share} size="small" status={gift.state === "failed" ? "exception" : isOver(gift) ? "normal" : "active"} aria-label={t("coupons.gifts.progress")} />
      <p className="note">
        {t("coupons.gifts.given", { given: count(gift.given), total: count(gift.total) })}
        {gift.reason && ` · ${t(`coupons.gifts.reasons.${gift.reason}`, { defaultValue: gift.reason })}`}
      </p>
    </li>
  );
}
