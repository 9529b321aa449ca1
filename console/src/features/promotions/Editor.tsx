import { useParams } from "@tanstack/react-router";
import { Button, Input } from "antd";
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
import { CartPreview } from "./CartPreview";
import { completed, newPromotion, type Template, trimmed } from "./document";
import { Gallery } from "./Gallery";
import { RuleForm } from "./RuleForm";
import { ScopeForm } from "./ScopeForm";
import { TermsForm } from "./TermsForm";

/** A new promotion from a template. */
export function NewPromotion() {
  const { currency, known } = useCurrency();
  return known ? <Editor key={currency} start={newPromotion("threshold", currency, "")} /> : <Waiting />;
}

/** An existing promotion; saving writes a new revision. */
export function EditPromotion() {
  const { id } = useParams({ strict: false }) as { id: string };
  const { currency } = useCurrency();
  const item = useDocument("promotions", id);
  return <Loaded query={item}>{(loaded) => <Editor item={loaded} start={completed(loaded.document, currency)} />}</Loaded>;
}

export type PartProps = DocumentPart<"promotions">;

const STEPS = ["rule", "goods", "terms", "preview"] as const;

function Editor({ item, start }: { item?: Item<PromotionDocument>; start: PromotionDocument }) {
  const { t } = useTranslation();
  const [step, setStep] = useParameter("step", "rule");
  const form = useDocumentForm({ kind: "promotions", item, start, base: "/promotions", sent: trimmed });
  const { problem, busy, save } = form;
  const parts: PartProps = { value: form.value, onChange: form.change, problem };
  const title = item ? t("promotion.editing", { name: item.document.name }) : t("promotion.create");
  const at = STEPS.indexOf(step as (typeof STEPS)[number]);
  const shown = (name: string) => (step === name ? { "data-open": "" } : {});
  return (
    <Page
      title={title}
      back={item ? { to: `/promotions/${item.id}`, label: item.document.name } : { to: "/promotions", label: t("stages.promotions") }}
      action={
        <Button type="primary" loading={busy} onClick={save}>
          {t(item ? "act.saveRevision" : "act.saveDraft")}
        </Button>
      }
    >
      <nav className="steps" aria-label={t("promotion.steps.title")}>
        {STEPS.map((name, index) => (
          <button key={name} type="button" aria-current={step === name ? "step" : undefined} onClick={() => goTo(name, setStep)}>
            {index + 1} {t(`promotion.steps.${name}`)}
          </button>
        ))}
      </nav>
      {form.restored && <Restored onDrop={form.drop} />}
      {problem && <Failure error={problem} />}
      <div className="two">
        <div className="stack wizard">
          <section className="card form" id="step-rule" data-step {...shown("rule")}>
            <h2>{t("promotion.steps.rule")}</h2>
            {!item && <Gallery value={form.value} onPick={(template) => form.change(fromTemplate(template, form.value))} />}
            <RuleForm {...parts} />
            <Name {...parts} />
          </section>
          <section className="card form" id="step-goods" data-step {...shown("goods")}>
            <h2>{t("promotion.steps.goods")}</h2>
            <ScopeForm {...parts} />
          </section>
          <section className="card form" id="step-terms" data-step {...shown("terms")}>
            <h2>{t("promotion.steps.terms")}</h2>
            <TermsForm {...parts} />
          </section>
          <div className="row phone-steps">
            {at > 0 && <Button onClick={() => setStep(STEPS[at - 1] ?? "rule")}>{t("act.back")}</Button>}
            {at < STEPS.length - 1 && <Button onClick={() => setStep(STEPS[at + 1] ?? "rule")}>{t("act.next")}</Button>}
          </div>
        </div>
        <div className="wizard-preview" {...shown("preview")} id="step-preview">
          <CartPreview document={form.value} {...(item ? { id: item.id } : {})} />
        </div>
      </div>
    </Page>
  );
}

function goTo(name: string, setStep: (name: string) => void) {
  setStep(name);
  document.getElementById(`step-${name}`)?.scrollIntoView({ block: "nearest" });
}

/** The template's benefit; what was already written about goods and terms stays. */
function fromTemplate(template: Template, value: PromotionDocument): PromotionDocument {
  return { ...value, benefit: newPromotion(template, value.currency ?? "CNY", value.name).benefit };
}

function Name({ value, onChange, problem }: PartProps) {
  const { t } = useTranslation();
  return (
    <Field label={t("promotion.fields.name")} help={t("promotion.help.name")} error={problem?.field("name")}>
      {(id, describedBy) => <Input id={id} aria-describedby={describedBy} value={value.name} maxLength={200} onChange={(event) => onChange({ ...value, name: event.target.value })} />}
    </Field>
  );
}
