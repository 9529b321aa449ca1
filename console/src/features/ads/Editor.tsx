import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import type { CampaignDocument, Item } from "@/api/types";
import { Page } from "@/components/Page";
import { Restored } from "@/components/Restored";
import { type PartProps as DocumentPart, useDocumentForm } from "@/components/useDocumentForm";
import { StoredDocument } from "@/components/StoredDocument";
import { Failure, Waiting } from "@/components/states";
import { AdReach } from "./AdReach";
import { BudgetForm, DatesForm, SoldField } from "./BudgetForm";
import { CapsForm } from "./CapsForm";
import { CreativesForm } from "./CreativesForm";
import { Creatives } from "./Creatives";
import { blankCampaign } from "./document";
import { Forecast } from "./Forecast";
import { NameField, PlacesForm } from "./PlacesForm";
import { bids } from "./table/changes";
import { ExpressionJson } from "./targeting/ExpressionJson";
import { DayParting, TargetingForm } from "./targeting/TargetingForm";

export type PartProps = DocumentPart<"campaigns">;

/** Everything of a new campaign on one page; its draft is the wizard's. */
export function NewCampaign() {
  const { currency, known } = useCurrency();
  return known ? <Editor key={currency} start={blankCampaign(currency)} /> : <Waiting />;
}

export function EditCampaign() {
  return (
    <StoredDocument kind="campaigns" back={useBack()}>
      {(item) => <Editor item={item} start={{ ...blankCampaign(item.document.currency), ...item.document }} />}
    </StoredDocument>
  );
}

function useBack() {
  const { t } = useTranslation();
  return { to: "/ads", label: t("stages.ads") };
}

function Editor({ item, start }: { item?: Item<CampaignDocument>; start: CampaignDocument }) {
  const { t } = useTranslation();
  const form = useDocumentForm({ kind: "campaigns", item, start, base: "/ads" });
  const { problem, busy, save } = form;
  const parts: PartProps = { value: form.value, onChange: form.change, problem };
  const targeting = { value: form.value.targeting, problem, onChange: (next: CampaignDocument["targeting"]) => form.change({ ...form.value, targeting: next }) };
  return (
    <Page
      title={item ? t("ads.editing", { name: item.document.name }) : t("ads.create")}
      back={{ to: item ? `/ads/${item.id}` : "/ads", label: item?.document.name ?? t("stages.ads") }}
      action={
        <Button type="primary" loading={busy} onClick={save}>
          {t(item ? "act.saveRevision" : "act.saveDraft")}
        </Button>
      }
    >
      {form.restored && <Restored onDrop={form.drop} />}
      {problem && <Failure error={problem} />}
      <div className="two">
        <div className="stack">
          <section className="card form">
            <NameField {...parts} />
            <PlacesForm {...parts} />
            <SoldField {...parts} />
            <BudgetForm {...parts} />
          </section>
          <section className="card form">
            <h2>{t("ads.who")}</h2>
            <TargetingForm {...targeting} />
          </section>
          <section className="card form">
            <h2>{t("ads.when")}</h2>
            <DatesForm {...parts} />
            <DayParting {...parts} />
          </section>
          <section className="card form">
            <h2>{t("caps.title")}</h2>
            <CapsForm {...parts} />
          </section>
          <section className="card form">
            <h2>{t("ads.creatives")}</h2>
            <CreativesForm {...parts} />
          </section>
        </div>
        <div className="stack beside">
          <AdReach targeting={form.value.targeting} placements={form.value.placements} />
          {bids(form.value) && <Forecast value={form.value} {...(item ? { id: item.id } : {})} />}
          <ExpressionJson value={form.value.targeting.expression} />
          <Creatives creatives={form.value.creatives} />
        </div>
      </div>
    </Page>
  );
}
