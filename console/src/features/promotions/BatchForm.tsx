import { Checkbox, Input } from "antd";
import { useTranslation } from "react-i18next";
import { Choice } from "@/components/Choice";
import { Field } from "@/components/Field";
import { CountInput, InstantInput } from "@/components/inputs";
import type { FixedPartProps } from "@/components/DocumentEditor";
import { useZoneHelp } from "@/components/zone-help";

type Props = FixedPartProps<"coupon-batches">;

/** Codes made by the system or listed one a line; how often, by whom and when they may be used. */
export function BatchForm(props: Props) {
  const { t } = useTranslation();
  const zone = useZoneHelp();
  const { value, onChange, problem, fixed } = props;
  return (
    <>
      <Field label={t("batches.fields.name")} help={t("batches.help.name")} error={problem?.field("name")}>
        {(id, describedBy) => <Input id={id} aria-describedby={describedBy} maxLength={200} disabled={fixed} value={value.name} onChange={(event) => onChange({ ...value, name: event.target.value })} />}
      </Field>
      <Codes {...props} />
      <Personal {...props} />
      <Field label={t("batches.fields.uses_per_code")} error={problem?.field("uses_per_code")}>
        {(id, describedBy) => <CountInput id={id} describedBy={describedBy} width={140} disabled={fixed} value={value.uses_per_code} onChange={(uses) => onChange({ ...value, uses_per_code: uses ?? 1 })} />}
      </Field>
      {(["uses_per_customer", "uses_total"] as const).map((name) => (
        <Field key={name} label={t(`batches.fields.${name}`)} help={t("batches.help.unlimited")} error={problem?.field(name)}>
          {(id, describedBy) => <CountInput id={id} describedBy={describedBy} width={140} disabled={fixed} value={value[name]} onChange={(uses) => onChange({ ...value, [name]: uses })} />}
        </Field>
      ))}
      {(["starts_at", "ends_at"] as const).map((name) => (
        <Field key={name} label={t(`batches.fields.${name}`)} help={name === "starts_at" ? zone : undefined} error={problem?.field(name)}>
          {(id, describedBy) => <InstantInput id={id} describedBy={describedBy} value={value[name]} onChange={(instant) => onChange({ ...value, [name]: instant })} />}
        </Field>
      ))}
    </>
  );
}

/** Whether codes belong to customers, who then hold them in a wallet; otherwise whoever knows one may use it. */
function Personal({ value, onChange, problem, fixed }: Props) {
  const { t } = useTranslation();
  const { personal } = value;
  const put = (change: Partial<NonNullable<typeof personal>>) => onChange({ ...value, personal: { ...personal, ...change } });
  return (
    <>
      <Field label={t("coupons.personal.whose")} help={t("coupons.personal.help")} error={problem?.field("personal")}>
        {(id) => <Choice id={id} disabled={fixed} value={personal ? "personal" : "anybody"} onChange={(whose) => onChange({ ...value, personal: whose === "personal" ? { per_customer: 1, claimable: true } : null })} options={["anybody", "personal"].map((whose) => ({ value: whose, label: t(`coupons.personal.whoses.${whose}`) }))} />}
      </Field>
      {personal && (
        <>
          <Field label={t("coupons.personal.per_customer")} error={problem?.field("personal.per_customer")}>
            {(id, describedBy) => <CountInput id={id} describedBy={describedBy} width={140} disabled={fixed} value={personal.per_customer ?? 1} onChange={(most) => put({ per_customer: most ?? 1 })} />}
          </Field>
          <Field label={t("coupons.personal.claimable")}>
            {(id) => (
              <Checkbox id={id} disabled={fixed} checked={(personal.claimable as boolean | undefined) !== false} onChange={(event) => put({ claimable: event.target.checked })}>
                {t("coupons.personal.claimableHelp")}
              </Checkbox>
            )}
          </Field>
          <Field label={t("coupons.personal.valid_days")} help={t("coupons.personal.validHelp")} error={problem?.field("personal.valid_days")}>
            {(id, describedBy) => <CountInput id={id} describedBy={describedBy} width={140} disabled={fixed} value={personal.valid_days ?? null} onChange={(days) => put({ valid_days: days })} />}
          </Field>
        </>
      )}
    </>
  );
}

function Codes({ value, onChange, problem, fixed }: Props) {
  const { t } = useTranslation();
  const listed = Array.isArray(value.codes);
  // The server takes one of the two, never both.
  const choose = (how: string) => {
    onChange(how === "listed" ? { ...value, prefix: "", count: null, codes: [] } : { ...value, count: 1000, codes: null });
  };
  return (
    <>
      <Field label={t("batches.how")}>
        {(id) => <Choice id={id} disabled={fixed} value={listed ? "listed" : "made"} onChange={choose} options={["made", "listed"].map((how) => ({ value: how, label: t(`batches.hows.${how}`) }))} />}
      </Field>
      {listed ? (
        <Field label={t("batches.fields.codes")} help={t("batches.help.codes")} error={problem?.field("codes")}>
          {(id, describedBy) => (
            <Input.TextArea id={id} aria-describedby={describedBy} rows={6} disabled={fixed} value={(value.codes ?? []).join("\n")} onChange={(event) => onChange({ ...value, codes: event.target.value === "" ? [] : event.target.value.split(/[\s,，;；]+/) })} />
          )}
        </Field>
      ) : (
        <>
          <Field label={t("batches.fields.count")} help={t("batches.help.count")} error={problem?.field("count")}>
            {(id, describedBy) => <CountInput id={id} describedBy={describedBy} width={140} disabled={fixed} value={value.count ?? null} onChange={(wanted) => onChange({ ...value, count: wanted ?? 1 })} />}
          </Field>
          <Field label={t("batches.fields.prefix")} help={t("batches.help.prefix")} error={problem?.field("prefix")}>
            {(id, describedBy) => <Input id={id} aria-describedby={describedBy} style={{ width: 140 }} maxLength={16} disabled={fixed} value={value.prefix ?? ""} onChange={(event) => onChange({ ...value, prefix: event.target.value.toUpperCase() })} />}
          </Field>
        </>
      )}
    </>
  );
}
