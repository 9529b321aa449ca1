import { useQuery } from "@tanstack/react-query";
import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { explainDecision } from "@/api/decision-why";
import { useCurrency } from "@/api/currency-hook";
import { useNames } from "@/api/documents/all";
import type { Why } from "@/api/types";
import { Go } from "@/components/Go";
import { Json } from "@/components/Json";
import { Page } from "@/components/Page";
import { StateTag } from "@/components/StateTag";
import { Empty, Loaded } from "@/components/states";
import { type Column, Table } from "@/components/Table";
import { count, DASH, money } from "@/lib/numbers";
import { useAddress, useSetAddress } from "@/lib/url";
import { capWords } from "./capWords";

/** Why one decision came out so: each candidate with its reason, and the replay's verdict. */
export function WhyPage() {
  const { t } = useTranslation();
  const { decision = "" } = useAddress();
  const set = useSetAddress();
  const [typed, setTyped] = useState(decision);
  const why = useQuery({ queryKey: ["why", decision], queryFn: () => explainDecision(decision), enabled: decision !== "", retry: false });
  return (
    <Page title={t("ads.why.title")} back={{ to: "/ads", label: t("stages.ads") }}>
      <form
        className="card row"
        onSubmit={(event) => {
          event.preventDefault();
          set({ decision: typed.trim() || undefined });
        }}
      >
        <label htmlFor="decision">{t("ads.why.ask")}</label>
        <Input id="decision" style={{ width: 340 }} placeholder={t("ads.why.example")} value={typed} onChange={(event) => setTyped(event.target.value)} />
        <Button type="primary" htmlType="submit">
          {t("ads.why.open")}
        </Button>
      </form>
      {decision === "" ? <Empty>{t("ads.why.empty")}</Empty> : <Loaded query={why}>{(answer) => <Answer why={answer} />}</Loaded>}
    </Page>
  );
}

function Answer({ why }: { why: Why }) {
  const { t } = useTranslation();
  const columns = useColumns(String(why.decision.currency ?? ""));
  const won = why.candidates.filter((one) => one.outcome === "won").length;
  return (
    <>
      <p className={why.replay.equal ? "notice" : "notice warn"}>
        {t(why.replay.equal ? "ads.why.equal" : "ads.why.differs")} · {t("ads.why.summary", { count: why.candidates.length, won })}
      </p>
      <Table name="candidates" caption={t("ads.why.candidates")} columns={columns} rows={why.candidates} rowKey={(one) => one.campaign_id} empty={<Empty>{t("ads.why.noCandidates")}</Empty>} />
      <section className="card">
        <h2>{t("ads.why.logged")}</h2>
        <Json value={why.decision} open />
      </section>
    </>
  );
}

function useColumns(logged: string): Column<Why["candidates"][number]>[] {
  const { t } = useTranslation();
  const names = useNames("campaigns");
  const page = useCurrency();
  const currency = logged || page.currency;
  const name = (id: string) => names.get(id) ?? id;
  return [
    { id: "campaign", title: t("ads.fields.name"), value: (one) => name(one.campaign_id), cell: (one) => <Go to={`/ads/${one.campaign_id}`}>{name(one.campaign_id)}</Go> },
    { id: "outcome", title: t("ads.why.outcome"), value: (one) => one.outcome, cell: (one) => <StateTag state={one.outcome} /> },
    { id: "reason", title: t("ads.why.reason"), value: (one) => one.reason, cell: (one) => <Because candidate={one} /> },
    { id: "bid", title: t("ads.fields.bid_minor"), numeric: true, value: (one) => one.bid_minor, cell: (one) => money(one.bid_minor, currency) },
    { id: "score", title: t("ads.why.score"), numeric: true, value: (one) => one.score, cell: (one) => one.score?.toFixed(4) ?? DASH },
    { id: "propensity", title: t("ads.why.propensity"), numeric: true, value: (one) => one.propensity, cell: (one) => one.propensity?.toFixed(3) ?? DASH },
  ];
}

/** The reason in words; what a cap or a clause saw, below it. */
function Because({ candidate: { reason, cap, clause } }: { candidate: Why["candidates"][number] }) {
  const { t } = useTranslation();
  if (!reason) return DASH;
  return (
    <div>
      {t(`reasons.${reason}`, { defaultValue: reason })}
      {cap && <p className="note">{t("caps.why", { shown: count(cap.shown), cap: capWords(t, cap) })}</p>}
      {clause && <p className="note">{t("caps.clause", { path: clause.path, seen: JSON.stringify(clause.seen ?? null) })}</p>}
    </div>
  );
}
