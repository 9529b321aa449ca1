import { Input } from "antd";
import { useTranslation } from "react-i18next";
import { useAllDocuments } from "@/api/documents/all";
import type { DealDocument, Item } from "@/api/types";
import { Choice } from "@/components/Choice";
import type { FixedPartProps } from "@/components/DocumentEditor";
import { Field } from "@/components/Field";
import { CountInput, MoneyInput } from "@/components/inputs";
import { WordsInput } from "@/components/WordsInput";
import { money } from "@/lib/numbers";
import { cost, ofKind } from "./deal";

type Parts = FixedPartProps<"deals">;

const KINDS = ["guaranteed", "preferred", "private"] as const;
const PRIORITY = 5;

/** What is agreed: with whom, where, when, for how much. */
export function DealForm({ item, ...parts }: Parts & { item: Item<DealDocument> | undefined }) {
  const { value, onChange, problem, fixed } = parts;
  const { t } = useTranslation();
  return (
    <section className="card form">
      <Field label={t("deals.fields.name")} help={t("deals.help.name")} error={problem?.field("name")}>
        {(id, describedBy) => <Input id={id} aria-describedby={describedBy} maxLength={200} disabled={fixed} value={value.name} onChange={(event) => onChange({ ...value, name: event.target.value })} />}
      </Field>
      <Field label={t("deals.fields.kind")} help={t(`deals.help.${value.kind}`)} error={problem?.field("kind")}>
        {(id, describedBy) => <Choice id={id} describedBy={describedBy} disabled={fixed} value={value.kind} onChange={(kind) => onChange(ofKind(value, kind))} options={KINDS.map((one) => ({ value: one, label: t(`deals.kinds.${one}`) }))} />}
      </Field>
      <Field label={t("deals.fields.placements")} help={value.kind === "guaranteed" ? undefined : t("deals.help.placements")} error={problem?.field("placements")}>
        {(id, describedBy) => <Named kind="placements" id={id} describedBy={describedBy} disabled={fixed} value={value.placements ?? []} onChange={(placements) => onChange({ ...value, placements })} />}
      </Field>
      <DaysFields {...parts} />
      <Field label={t("deals.fields.cpm_minor")} help={t("deals.help.cpm_minor")} error={problem?.field("cpm_minor")}>
        {(id, describedBy) => <MoneyInput id={id} describedBy={describedBy} disabled={fixed} value={value.cpm_minor} currency={value.currency} onChange={(minor) => onChange({ ...value, cpm_minor: minor ?? 0 })} />}
      </Field>
      {value.kind === "guaranteed" ? <Promise {...parts} /> : <Bidders {...parts} />}
      {item && (
        <Field label={t("deals.id")} help={t("deals.idHelp")}>
          {(id) => <Input id={id} readOnly value={item.id} />}
        </Field>
      )}
    </section>
  );
}

function DaysFields({ value, onChange, problem, fixed }: Parts) {
  const { t } = useTranslation();
  return (["from_day", "to_day"] as const).map((name) => (
    <Field key={name} label={t(`deals.fields.${name}`)} error={problem?.field(name)}>
      {(id, describedBy) => <Input type="date" id={id} aria-describedby={describedBy} style={{ width: 160 }} disabled={fixed} value={value[name] ?? ""} onChange={(event) => onChange({ ...value, [name]: event.target.value || null })} />}
    </Field>
  ));
}

/** Which campaign is shown how often, and what it comes to. */
function Promise({ value, onChange, problem, fixed }: Parts) {
  const { t } = useTranslation();
  const campaigns = useAllDocuments("campaigns").data ?? [];
  const booked = campaigns.filter(({ id, document }) => document.sold === "booked" || id === value.campaign);
  const options = [{ value: "", label: t("deals.choose") }, ...booked.map(({ id, document }) => ({ value: id, label: document.name }))];
  return (
    <>
      <Field label={t("deals.fields.campaign")} help={t("deals.help.campaign")} error={problem?.field("campaign")}>
        {(id, describedBy) => <Choice id={id} describedBy={describedBy} disabled={fixed} value={value.campaign ?? ""} onChange={(campaign) => onChange({ ...value, campaign: campaign || null })} options={options} />}
      </Field>
      <Field label={t("deals.fields.impressions")} help={value.impressions ? t("deals.cost", { cost: money(cost(value), value.currency) }) : t("deals.help.impressions")} error={problem?.field("impressions")}>
        {(id, describedBy) => <CountInput id={id} describedBy={describedBy} width={140} disabled={fixed} value={value.impressions ?? null} onChange={(impressions) => onChange({ ...value, impressions })} />}
      </Field>
      <Field label={t("deals.fields.priority")} help={t("deals.help.priority")} error={problem?.field("priority")}>
        {(id, describedBy) => <CountInput id={id} describedBy={describedBy} disabled={fixed} value={value.priority ?? PRIORITY} onChange={(priority) => onChange({ ...value, priority: priority ?? PRIORITY })} />}
      </Field>
      <Field label={t("deals.fields.overbooking_reason")} help={t("deals.help.overbooking_reason")} error={problem?.field("overbooking_reason")}>
        {(id, describedBy) => <Input id={id} aria-describedby={describedBy} maxLength={500} disabled={fixed} value={value.overbooking_reason ?? ""} onChange={(event) => onChange({ ...value, overbooking_reason: event.target.value || null })} />}
      </Field>
    </>
  );
}

/** Whose campaigns may bid. */
function Bidders({ value, onChange, problem, fixed }: Parts) {
  const { t } = useTranslation();
  return (
    <Field label={t("deals.fields.advertisers")} help={t("deals.help.advertisers")} error={problem?.field("advertisers")}>
      {(id, describedBy) => <Named kind="advertisers" id={id} describedBy={describedBy} disabled={fixed} value={value.advertisers ?? []} onChange={(advertisers) => onChange({ ...value, advertisers })} />}
    </Field>
  );
}

interface NamedProps {
  kind: "placements" | "advertisers";
  id: string;
  describedBy: string | undefined;
  disabled: boolean;
  value: string[];
  onChange: (ids: string[]) => void;
}

/** Some documents of a kind, by their names. */
function Named({ kind, ...props }: NamedProps) {
  const known = useAllDocuments(kind).data ?? [];
  return <WordsInput {...props} options={known.map((one) => ({ value: one.id, label: one.document.name }))} />;
}
