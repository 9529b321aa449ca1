import { Input } from "antd";
import { useTranslation } from "react-i18next";
import type { PointsProgrammeDocument } from "@/api/types";
import { Choice } from "@/components/Choice";
import { Field } from "@/components/Field";
import { CountInput, MoneyInput } from "@/components/inputs";
import { Sentence } from "@/components/Sentence";
import type { FixedPartProps } from "@/components/DocumentEditor";
import { Folded } from "@/components/Folded";
import { turned } from "./programme";
import { ProgrammeTiers } from "./ProgrammeTiers";

/** `stored`: it may have accounts, which hold what they hold. */
export type ProgrammePart = FixedPartProps<"points-programmes"> & { stored: boolean };

/** What points are called and worth, when they can be used and when they are lost, and the tiers. */
export function ProgrammeForm(props: ProgrammePart) {
  const { t } = useTranslation();
  const { value, onChange, problem, fixed } = props;
  const isMoney = value.holds === "money";
  return (
    <>
      <section className="card form">
        <Holds {...props} />
        <Field label={t("programme.fields.name")} help={t("programme.help.name")} error={problem?.field("name")}>
          {(id, describedBy) => <Input id={id} aria-describedby={describedBy} maxLength={200} disabled={fixed} value={value.name} onChange={(event) => onChange({ ...value, name: event.target.value })} />}
        </Field>
        <Names {...props} />
        {!isMoney && <Worth {...props} />}
      </section>
      <section className="card form">
        <h2>{t("programme.life")}</h2>
        <Days name="available_after_days" {...props} />
        <Expiry {...props} />
      </section>
      {!isMoney && <ProgrammeTiers {...props} />}
      <section className="card form">
        <Folded label={t("programme.more")} open={value.taken_back !== "debt"}>
          <Field label={t("programme.fields.taken_back")} help={t("programme.help.taken_back")} error={problem?.field("taken_back")}>
            {(id, describedBy) => <Choice id={id} describedBy={describedBy} disabled={fixed || isMoney} value={value.taken_back} onChange={(taken_back) => onChange({ ...value, taken_back })} options={(["debt", "cash"] as const).map((one) => ({ value: one, label: t(`programme.choices.taken_back.${one}`) }))} />}
          </Field>
          <Days name="returned_days" {...props} />
          <Field label={t("programme.fields.adjust_at_most")} help={t("programme.help.adjust_at_most")} error={problem?.field("adjust_at_most")}>
            {(id, describedBy) =>
              isMoney ? (
                <MoneyInput id={id} describedBy={describedBy} width={140} disabled={fixed} currency={value.worth.currency} value={value.adjust_at_most} onChange={(most) => onChange({ ...value, adjust_at_most: most ?? 1 })} />
              ) : (
                <CountInput id={id} describedBy={describedBy} width={140} disabled={fixed} value={value.adjust_at_most} onChange={(most) => onChange({ ...value, adjust_at_most: most ?? 1 })} />
              )
            }
          </Field>
        </Folded>
      </section>
    </>
  );
}

/** Points, or money: fixed once customers have some. */
function Holds({ value, onChange, problem, fixed, stored }: ProgrammePart) {
  const { t } = useTranslation();
  const names = (holds: string) => ({ zh: t(`programme.names.${holds}.zh`), en: t(`programme.names.${holds}.en`) });
  return (
    <Field label={t("programme.fields.holds")} help={t(`programme.help.holds_${value.holds}`)} error={problem?.field("holds")}>
      {(id, describedBy) => <Choice id={id} describedBy={describedBy} disabled={fixed || stored} value={value.holds} onChange={(holds) => onChange(turned(value, holds, names(holds)))} options={(["points", "money"] as const).map((one) => ({ value: one, label: t(`programme.choices.holds.${one}`) }))} />}
    </Field>
  );
}

function Names({ value, onChange, problem, fixed }: ProgrammePart) {
  const { t } = useTranslation();
  const { points_name } = value;
  return (
    <>
      {(["zh", "en"] as const).map((language) => (
        <Field key={language} label={t(`programme.fields.points_name_${language}`)} help={language === "zh" ? t("programme.help.points_name") : undefined} error={problem?.field(`points_name.${language}`)}>
          {(id, describedBy) => <Input id={id} aria-describedby={describedBy} style={{ width: 160 }} maxLength={200} disabled={fixed} value={points_name[language]} onChange={(event) => onChange({ ...value, points_name: { ...points_name, [language]: event.target.value } })} />}
        </Field>
      ))}
    </>
  );
}

function Worth({ value, onChange, problem, fixed }: ProgrammePart) {
  const { t } = useTranslation();
  const { worth } = value;
  const put = (change: Partial<PointsProgrammeDocument["worth"]>) => onChange({ ...value, worth: { ...worth, ...change } });
  const error = problem?.field("worth.points") ?? problem?.field("worth.amount") ?? problem?.field("worth.currency");
  return (
    <Field label={t("programme.fields.worth")} help={t("programme.help.worth")} error={error}>
      {(id, describedBy) => (
        <Sentence
          of="programme.sentence.worth"
          slots={{
            points: <CountInput id={id} describedBy={describedBy} label={t("programme.slots.points")} disabled={fixed} value={worth.points} onChange={(points) => put({ points: points ?? 1 })} />,
            amount: <MoneyInput label={t("programme.slots.amount")} disabled={fixed} value={worth.amount} currency={worth.currency} onChange={(amount) => put({ amount: amount ?? 0 })} />,
          }}
        />
      )}
    </Field>
  );
}

/** A whole number of days, with its unit behind it. */
function Days({ name, value, onChange, problem, fixed }: ProgrammePart & { name: "available_after_days" | "returned_days" }) {
  const { t } = useTranslation();
  return (
    <Field label={t(`programme.fields.${name}`)} help={t(`programme.help.${name}`)} error={problem?.field(name)}>
      {(id, describedBy) => <CountInput id={id} describedBy={describedBy} width={110} suffix={t("programme.days")} disabled={fixed} value={value[name]} onChange={(days) => onChange({ ...value, [name]: days ?? 0 })} />}
    </Field>
  );
}

function Expiry({ value, onChange, problem, fixed }: ProgrammePart) {
  const { t } = useTranslation();
  const turn = (expires: PointsProgrammeDocument["expires"]) => onChange({ ...value, expires, expires_after: expires === "months" ? 12 : 1 });
  const amount = <CountInput label={t(`programme.slots.${value.expires === "months" ? "months" : "years"}`)} width={64} disabled={fixed} value={value.expires_after} onChange={(expires_after) => onChange({ ...value, expires_after: expires_after ?? 0 })} />;
  return (
    <Field label={t("programme.fields.expires")} help={t(`programme.help.expires_${value.expires}`)} error={problem?.field("expires") ?? problem?.field("expires_after")}>
      {(id, describedBy) => (
        <div className="row">
          <Choice id={id} describedBy={describedBy} disabled={fixed} value={value.expires} onChange={turn} options={(["never", "months", "year_end"] as const).map((one) => ({ value: one, label: t(`programme.choices.expires.${one}`) }))} />
          {value.expires !== "never" && <Sentence of={`programme.sentence.${value.expires}`} slots={{ amount }} />}
        </div>
      )}
    </Field>
  );
}
