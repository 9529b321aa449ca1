import { useQuery } from "@tanstack/react-query";
import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { explainDecision } from "@/api/decision-why";
import { Page } from "@/components/Page";
import { Loaded } from "@/components/states";
import { useAdTabs } from "@/features/ads/useAdTabs";
import { useAddress, useSetAddress } from "@/lib/url";
import { Auction } from "./Auction";
import { Recent } from "./Recent";

/** The auction inspector: find a decision, then see what became of every campaign in it, and why. */
export function WhyPage() {
  const { t } = useTranslation();
  const { decision = "" } = useAddress();
  const tabs = useAdTabs();
  const frame = decision ? { title: t("inspector.title"), back: { to: "/ads/why", label: t("inspector.recent") } } : { title: t("stages.ads"), name: t("inspector.title"), tabs, tab: "auctions" };
  return (
    <Page {...frame}>
      <AskById key={decision} decision={decision} />
      {decision === "" ? <Recent /> : <Explained decision={decision} />}
    </Page>
  );
}

function AskById({ decision }: { decision: string }) {
  const { t } = useTranslation();
  const set = useSetAddress();
  const [typed, setTyped] = useState(decision);
  return (
    <form
      className="card row"
      onSubmit={(event) => {
        event.preventDefault();
        set({ decision: typed.trim() || undefined });
      }}
    >
      <label htmlFor="decision">{t("ads.why.ask")}</label>
      <Input id="decision" style={{ width: 340 }} placeholder={t("ads.why.example")} value={typed} onChange={(event) => setTyped(event.target.value)} />
      <Button htmlType="submit">{t("ads.why.open")}</Button>
    </form>
  );
}

function Explained({ decision }: { decision: string }) {
  const why = useQuery({ queryKey: ["why", decision], queryFn: () => explainDecision(decision), retry: false });
  return <Loaded query={why}>{(answer) => <Auction why={answer} />}</Loaded>;
}
