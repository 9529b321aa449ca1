import { Button, Input } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import { useMayWrite } from "@/api/session-hook";
import type { Item, PromotionDocument } from "@/api/types";
import { Field } from "@/components/Field";
import { Page } from "@/components/Page";
import { ReadOnly } from "@/components/ReadOnly";
import { Restored } from "@/components/Restored";
import { type PartProps as DocumentPart, useDocumentForm } from "@/components/useDocumentForm";
import { StoredDocument } from "@/components/StoredDocument";
import { Failure, Waiting } from "@/components/states";
import { useParameter } from "@/lib/url";
import { AudienceForm } from "./AudienceForm";
import { RuleForm } from "./RuleForm";
import { CartPreview } from "./CartPreview";
import { Checks } from "./Checks";
import { completed, newPromotion, trimmed } from "./document";
import { Gallery } from "./Gallery";
import { LimitsForm } from "./LimitsForm";
import { useMoves } from "./moves";
import { ScheduleForm } from "./ScheduleForm";
import { ScopeForm } from "./ScopeForm";
import { Stepper, type Step, STEPS } from "./Stepper";
import { ruleWords, scopeWords } from "./words";

/** A new promotion from a template. */
export function NewPromotion() {
  const { t } = useTranslation();
  const { currency, known } = useCurrency();
  const back = useBack();
  if (known) return <Editor key={currency} start={newPromotion(currency)} />;
  return (
    <Page title={t("promotion.create")} back={back}>
      <Waiting />
    </Page>
  );
}

/** An existing promotion; saving writes a new revision. */
export function EditPromotion() {
  const { currency } = useCurrency();
  return (
    <StoredDocument kind="promotions" back={useBack()}>
      {(item) => <Editor item={item} start={completed(item.document, currency)} />}
    </StoredDocument>
  );
}

export type PartProps = DocumentPart<"promotions">;

function useBack() {
  const { t } = useTranslation();
  return { to: "/promotions", label: t("stages.promotions") };
}

function Editor({ item, start }: { item?: Item<PromotionDocument>; start: PromotionDocument }) {
  const { t } = useTranslation();
  const [step] = useParameter("step", "type");
  const form = useDocumentForm({ kind: "promotions", item, start, base: "/promotions", sent: (value) => trimmed({ ...value, name: value.name.trim() || ownName(t, value) }) });
  const { move } = useMoves();
  const mayWrite = useMayWrite();
  const { problem, busy, save, submit } = form;
  const parts: PartProps = { value: form.value, onChange: form.change, problem };
  const publish = async () => {
    const saved = await submit();
    if (saved && saved.state !== "live") void move(saved, "publish");
  };
  const forms: Record<Exclude<Step, "preview">, ReactNode> = {
    type: <Gallery value={form.value} onPick={form.change} />,
    goods: <ScopeForm {...parts} />,
    rule: (
      <>
        <RuleForm {...parts} />
        <Name {...parts} />
      </>
    ),
    limits: <LimitsForm {...parts} />,
    audience: <AudienceForm {...parts} />,
    schedule: <ScheduleForm {...parts} />,
  };
  return (
    <Page
      title={item ? t("promotion.editing", { name: item.document.name }) : t("promotion.create")}
      back={item ? { to: `/promotions/${item.id}`, label: item.document.name } : { to: "/promotions", label: t("stages.promotions") }}
      action={
        mayWrite && (
          <>
            {!item && (
              <Button loading={busy} onClick={save}>
                {t("act.saveDraft")}
              </Button>
            )}
            <Button type="primary" loading={busy} onClick={() => (item ? save() : void publish())}>
              {t(item ? "act.saveRevision" : "promotion.saveAndPublish")}
            </Button>
          </>
        )
      }
    >
      <ReadOnly />
      <Stepper problem={problem} />
      {form.restored && <Restored onDrop={form.drop} />}
      {problem && <Failure error={problem} />}
      <div className="two wizard-page">
        <div className="stack wizard">
          {STEPS.filter((name) => name !== "preview").map((name) => (
            <section key={name} className="card form" id={`step-${name}`} data-step {...(step === name ? { "data-open": "" } : {})}>
              <h2>{t(`promotion.steps.${name}`)}</h2>
              {forms[name]}
            </section>
          ))}
        </div>
        <div className="stack wizard-preview" {...(step === "preview" ? { "data-open": "" } : {})} id="step-preview">
          <CartPreview document={form.value} {...(item ? { id: item.id } : {})} />
          <Checks id={item?.id ?? "draft"} document={form.value} currency={form.value.currency ?? "CNY"} />
        </div>
      </div>
    </Page>
  );
}

/** What a promotion is called where nobody named it: its goods and its rule. */
const ownName = (t: (key: string, vars?: Record<string, unknown>) => string, value: PromotionDocument) => `${scopeWords(t, value)} ${ruleWords(t, value, value.currency ?? "CNY")}`.slice(0, 200);

function Name({ value, onChange, problem }: PartProps) {
  const { t } = useTranslation();
  return (
    <Field label={t("promotion.fields.name")} help={t("promotion.help.name")} error={problem?.field("name")}>
      {(id, describedBy) => <Input id={id} aria-describedby={describedBy} value={value.name} placeholder={ownName(t, value)} maxLength={200} onChange={(event) => onChange({ ...value, name: event.target.value })} />}
    </Field>
  );
}
