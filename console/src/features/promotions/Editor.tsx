import { useParams } from "@tanstack/react-router";
import { Button, Input } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import { useDocument } from "@/api/documents/hooks";
import type { Item, PromotionDocument } from "@/api/types";
import { Field } from "@/components/Field";
import { Page } from "@/components/Page";
import { Restored } from "@/components/Restored";
import { type PartProps as DocumentPart, useDocumentForm } from "@/components/useDocumentForm";
import { Failure, Loaded, Waiting } from "@/components/states";
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

/** A new promotion from a template. */
export function NewPromotion() {
  const { currency, known } = useCurrency();
  return known ? <Editor key={currency} start={newPromotion(currency)} /> : <Waiting />;
}

/** An existing promotion; saving writes a new revision. */
export function EditPromotion() {
  const { id } = useParams({ strict: false }) as { id: string };
  const { currency } = useCurrency();
  const item = useDocument("promotions", id);
  return <Loaded query={item}>{(loaded) => <Editor item={loaded} start={completed(loaded.document, currency)} />}</Loaded>;
}

export type PartProps = DocumentPart<"promotions">;

function Editor({ item, start }: { item?: Item<PromotionDocument>; start: PromotionDocument }) {
  const { t } = useTranslation();
  const [step] = useParameter("step", "type");
  const form = useDocumentForm({ kind: "promotions", item, start, base: "/promotions", sent: trimmed });
  const { move } = useMoves();
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
      }
    >
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

function Name({ value, onChange, problem }: PartProps) {
  const { t } = useTranslation();
  return (
    <Field label={t("promotion.fields.name")} help={t("promotion.help.name")} error={problem?.field("name")}>
      {(id, describedBy) => <Input id={id} aria-describedby={describedBy} value={value.name} maxLength={200} onChange={(event) => onChange({ ...value, name: event.target.value })} />}
    </Field>
  );
}
