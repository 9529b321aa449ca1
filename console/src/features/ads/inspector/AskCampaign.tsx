import { useQuery } from "@tanstack/react-query";
import { Select } from "antd";
import { useTranslation } from "react-i18next";
import { explainDecision } from "@/api/decision-why";
import type { CampaignDocument, Why } from "@/api/types";
import { Loaded } from "@/components/states";
import { useParameter } from "@/lib/url";
import { Fates } from "./Fates";

/** Why not this one: any campaign, asked about this very auction. */
export function AskCampaign({ why, documents }: { why: Why; documents: Map<string, CampaignDocument> }) {
  const { t } = useTranslation();
  const [asked, setAsked] = useParameter("about", "");
  const id = why.decision.decision_id;
  const answer = useQuery({ queryKey: ["why", id, asked], queryFn: () => explainDecision(id, asked), enabled: asked !== "", retry: false });
  return (
    <section className="card stack">
      <h2>{t("inspector.whyNot")}</h2>
      <Select
        aria-label={t("inspector.whyNot")}
        style={{ maxWidth: 360 }}
        allowClear
        placeholder={t("inspector.choose")}
        value={asked || undefined}
        options={[...documents].map(([value, document]) => ({ value, label: document.name }))}
        showSearch={{ optionFilterProp: "label" }}
        onChange={(next: string | undefined) => setAsked(next ?? "")}
      />
      {asked && <Loaded query={answer}>{(told) => <Fates candidates={told.candidates} decision={told.decision} documents={documents} />}</Loaded>}
    </section>
  );
}
