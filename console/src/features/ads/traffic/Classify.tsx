import { useMutation } from "@tanstack/react-query";
import { Button, Input } from "antd";
import { useEffect, useEffectEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { asApiError } from "@/api/problem";
import { classifyTraffic, type TrafficAnswer } from "@/api/traffic-classify";
import { Field } from "@/components/Field";
import { CountInput } from "@/components/inputs";
import { Failure } from "@/components/states";
import { nowMs } from "@/lib/clock";
import { usePreferences } from "@/lib/preferences";
import { rfc3339 } from "@/lib/time";

/** What would be said of this user agent, this address, this click. */
export function Classify() {
  const { t } = useTranslation();
  const [agent, setAgent] = useState("");
  const [address, setAddress] = useState("");
  const [afterMs, setAfterMs] = useState<number | null>(null);
  const asking = useMutation({ mutationFn: () => classifyTraffic([questionOf(agent, address, afterMs)]), retry: false });
  const { language } = usePreferences();
  // What was refused in one language is asked again in the other.
  const askAgain = useEffectEvent(() => asking.isError && asking.mutate());
  useEffect(() => void askAgain(), [language]);
  const problem = asking.error ? asApiError(asking.error) : null;
  const wrong = (name: string) => problem?.fields.find((one) => one.path.endsWith(name))?.detail;
  return (
    <section className="card form narrow" aria-label={t("traffic.classify.title")}>
      <h2>{t("traffic.classify.title")}</h2>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          asking.mutate();
        }}
      >
        <Field label={t("traffic.classify.agent")} help={t("traffic.classify.agentHelp")} error={wrong("user_agent")}>
          {(id, describedBy) => <Input.TextArea id={id} aria-describedby={describedBy} rows={2} value={agent} onChange={(event) => setAgent(event.target.value)} />}
        </Field>
        <Field label={t("traffic.classify.address")} help={t("traffic.classify.addressHelp")} error={wrong("address")}>
          {(id, describedBy) => <Input id={id} aria-describedby={describedBy} value={address} onChange={(event) => setAddress(event.target.value)} />}
        </Field>
        <Field label={t("traffic.classify.after")} help={t("traffic.classify.afterHelp")}>
          {(id, describedBy) => <CountInput id={id} describedBy={describedBy} width={140} suffix="ms" value={afterMs} onChange={setAfterMs} />}
        </Field>
        <div>
          <Button htmlType="submit" loading={asking.isPending} disabled={!agent.trim() && !address.trim() && afterMs === null}>
            {t("traffic.classify.ask")}
          </Button>
        </div>
      </form>
      {problem && <Failure error={problem} />}
      {asking.data && <Verdict answer={asking.data} askedAddress={address.trim() !== ""} />}
    </section>
  );
}

function questionOf(agent: string, address: string, afterMs: number | null) {
  const served = nowMs();
  return {
    ...(agent.trim() ? { user_agent: agent.trim() } : {}),
    ...(address.trim() ? { address: address.trim() } : {}),
    ...(afterMs === null ? {} : { behaviour: { served_at: rfc3339(served), clicked_at: rfc3339(served + afterMs) } }),
  };
}

function Verdict({ answer, askedAddress }: { answer: TrafficAnswer; askedAddress: boolean }) {
  const { t } = useTranslation();
  const [item] = answer.items;
  if (!item) return null;
  return (
    <div role="status" data-testid="verdict">
      <p className={item.valid ? "notice" : "notice warn"}>
        <strong>{item.valid ? t("traffic.classify.valid") : t("traffic.classify.invalid", { reason: t(`traffic.reasons.${item.reason ?? ""}`, { defaultValue: item.reason ?? "" }) })}</strong>
        {item.detail && <span>{t("traffic.classify.detail", { detail: item.detail })}</span>}
      </p>
      {askedAddress && answer.addresses.length === 0 && <p className="note">{t("traffic.classify.noAddresses")}</p>}
    </div>
  );
}
