import { useQuery } from "@tanstack/react-query";
import { Input } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { getCoupon } from "@/api/coupon-get";
import { asApiError } from "@/api/problem";
import type { CouponCode } from "@/api/types";
import { Go } from "@/components/Go";
import { StateTag } from "@/components/StateTag";
import { Failure } from "@/components/states";
import { count, DASH } from "@/lib/numbers";
import { instantText, parseInstant } from "@/lib/time";

/** Everything of one code: of which batch, in what state, who holds it, what happened. */
export function CodeLookup() {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  const [code, setCode] = useState("");
  const found = useQuery({ queryKey: ["coupons", "code", code], queryFn: ({ signal }) => getCoupon(code, signal), enabled: code !== "", retry: false });
  const problem = found.error ? asApiError(found.error) : null;
  return (
    <section className="card stack">
      <h2>{t("coupons.lookup.title")}</h2>
      <Input.Search
        style={{ maxWidth: 360 }}
        aria-label={t("coupons.lookup.code")}
        placeholder={t("coupons.lookup.code")}
        enterButton={t("coupons.lookup.find")}
        maxLength={64}
        loading={found.isFetching}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onSearch={(said) => {
          setCode(said.trim());
          if (said.trim() === code) void found.refetch();
        }}
      />
      {problem && (problem.status === 404 ? <p className="notice warn">{t("coupons.lookup.unknown")}</p> : <Failure error={problem} retry={() => void found.refetch()} />)}
      {found.data && !problem && <OneCode code={found.data} />}
    </section>
  );
}

function OneCode({ code }: { code: CouponCode }) {
  const { t } = useTranslation();
  const at = (moment: string | null | undefined) => (moment ? instantText(parseInstant(moment) ?? 0) : DASH);
  const facts: [string, ReactNode][] = [
    ["batch", <Go key="batch" to={`/promotions/batches/${code.batch_id}`}>{code.batch_name}</Go>],
    ["number", count(code.number + 1)],
    ["uses", t("coupons.lookup.usesOf", { redeemed: count(code.redeemed), locked: count(code.locked), uses: count(code.uses) })],
    ["holder", code.customer_id ? <Go key="holder" to={`/audience/people/${encodeURIComponent(code.customer_id)}`}>{code.customer_id}</Go> : t("coupons.lookup.nobody")],
    ["issued", at(code.issued_at)],
    ["expires", code.expires_at ? at(code.expires_at) : t("coupons.lookup.never")],
  ];
  return (
    <div data-testid="code">
      <div className="row">
        <strong>{code.code}</strong>
        <StateTag state={code.state} />
        {code.batch_state !== "live" && <StateTag state={code.batch_state} />}
      </div>
      {code.void_reason && <p className="notice warn">{t("coupons.lookup.voidBecause", { reason: code.void_reason })}</p>}
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{t(`coupons.lookup.facts.${name}`)}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {code.history.length > 0 && (
        <ol className="history">
          {code.history.map((event) => (
            <li key={event.event + event.at}>
              {t(`coupons.events.${event.event}`, { defaultValue: event.event })} <span className="note">{[at(event.at), event.customer_id, event.order_id].filter(Boolean).join(" · ")}</span>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}
