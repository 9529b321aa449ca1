import { Input } from "antd";
import { useTranslation } from "react-i18next";
import { useAllDocuments } from "@/api/documents/all";
import { Choice } from "@/components/Choice";
import { Field } from "@/components/Field";
import { Go } from "@/components/Go";
import { CountInput, InstantInput, MoneyInput } from "@/components/inputs";
import type { FixedPartProps } from "@/components/DocumentEditor";
import { REWARDS, rewardOf } from "./words";

type Props = FixedPartProps<"referral-programmes"> & { currency: string };

/** What the newcomer gets, what the member gets for it, and within which bounds. */
export function ProgrammeForm(props: Props) {
  const { t } = useTranslation();
  const { value, onChange, problem, fixed, currency } = props;
  const whole = (name: "return_days" | "accept_days" | "rewards_per_month" | "rewards_total" | "accepts_per_day" | "newcomers_per_address", suffix?: string) => (
    <Field label={t(`referrals.fields.${name}`)} help={t(`referrals.help.${name}`)} error={problem?.field(name)}>
      {(id, describedBy) => <CountInput id={id} describedBy={describedBy} width={110} disabled={fixed} value={value[name]} onChange={(many) => onChange({ ...value, [name]: many ?? 0 })} {...(suffix ? { suffix } : {})} />}
    </Field>
  );
  return (
    <>
      <section className="card form">
        <Field label={t("referrals.fields.name")} help={t("referrals.help.name")} error={problem?.field("name")}>
          {(id, describedBy) => <Input id={id} aria-describedby={describedBy} maxLength={200} disabled={fixed} value={value.name} onChange={(event) => onChange({ ...value, name: event.target.value })} />}
        </Field>
        <Field label={t("referrals.fields.newcomer_batch")} help={<Batches />} error={problem?.field("newcomer_batch")}>
          {(id, describedBy) => <BatchChoice id={id} describedBy={describedBy} disabled={fixed} value={value.newcomer_batch} onChange={(newcomer_batch) => onChange({ ...value, newcomer_batch })} />}
        </Field>
        <Rewarding {...props} />
      </section>
      <section className="card form">
        <h2>{t("referrals.when")}</h2>
        {whole("accept_days", t("programme.days"))}
        <Field label={t("referrals.fields.order_at_least")} help={t("referrals.help.order_at_least")} error={problem?.field("order_at_least")}>
          {(id, describedBy) => <MoneyInput id={id} describedBy={describedBy} disabled={fixed} currency={currency} value={value.order_at_least} onChange={(order_at_least) => onChange({ ...value, order_at_least })} />}
        </Field>
        {whole("return_days", t("programme.days"))}
        {(["starts_at", "ends_at"] as const).map((name) => (
          <Field key={name} label={t(`referrals.fields.${name}`)} error={problem?.field(name)}>
            {(id, describedBy) => <InstantInput id={id} describedBy={describedBy} disabled={fixed} value={value[name]} onChange={(instant) => onChange({ ...value, [name]: instant })} />}
          </Field>
        ))}
      </section>
      <section className="card form">
        <h2>{t("referrals.bounds")}</h2>
        {whole("rewards_per_month")}
        {whole("rewards_total")}
        <Field label={t("referrals.fields.rewards_in_all")} help={t("referrals.help.rewards_in_all")} error={problem?.field("rewards_in_all")}>
          {(id, describedBy) => <CountInput id={id} describedBy={describedBy} width={110} disabled={fixed} value={value.rewards_in_all} onChange={(rewards_in_all) => onChange({ ...value, rewards_in_all })} />}
        </Field>
        {whole("accepts_per_day")}
        {whole("newcomers_per_address")}
        <Field label={t("referrals.fields.link")} help={t("referrals.help.link")} error={problem?.field("link")}>
          {(id, describedBy) => <Input id={id} aria-describedby={describedBy} maxLength={500} disabled={fixed} value={value.link} onChange={(event) => onChange({ ...value, link: event.target.value })} />}
        </Field>
      </section>
    </>
  );
}

/** What the member gets: points, store credit or a coupon. */
function Rewarding({ value, onChange, problem, fixed, currency }: Props) {
  const { t } = useTranslation();
  const { reward } = value;
  const error = (["reward", "reward.type", "reward.points", "reward.amount", "reward.batch"] as const).map((path) => problem?.field(path)).find(Boolean);
  const label = t(`referrals.slots.${reward.type}`);
  return (
    <Field label={t("referrals.fields.reward")} help={t("referrals.help.reward")} error={error}>
      {(id, describedBy) => (
        <div className="row">
          <Choice id={id} describedBy={describedBy} disabled={fixed} value={reward.type} onChange={(type) => onChange({ ...value, reward: rewardOf(type) })} options={REWARDS.map((type) => ({ value: type, label: t(`referrals.rewards.${type}`) }))} />
          {reward.type === "points" && <CountInput label={label} width={110} disabled={fixed} value={reward.points} onChange={(points) => onChange({ ...value, reward: { ...reward, points: points ?? 1 } })} />}
          {reward.type === "store_credit" && <MoneyInput label={label} disabled={fixed} currency={currency} value={reward.amount} onChange={(amount) => onChange({ ...value, reward: { ...reward, amount: amount ?? 1 } })} />}
          {reward.type === "coupon" && <BatchChoice label={label} disabled={fixed} value={reward.batch} onChange={(batch) => onChange({ ...value, reward: { ...reward, batch } })} />}
        </div>
      )}
    </Field>
  );
}

/** Batches of personal coupons: only those can be given to somebody. */
function BatchChoice(props: { id?: string; describedBy?: string | undefined; label?: string; disabled: boolean; value: string; onChange: (batch: string) => void }) {
  const { t } = useTranslation();
  const batches = useAllDocuments("coupon-batches");
  const known = (batches.data ?? []).filter((item) => item.document.personal).map((item) => ({ value: item.id, label: item.document.name }));
  const held = known.some((one) => one.value === props.value) || props.value === "" ? [] : [{ value: props.value, label: props.value }];
  return <Choice {...props} options={[{ value: "", label: t("referrals.choose") }, ...held, ...known]} />;
}

function Batches() {
  const { t } = useTranslation();
  return (
    <>
      {t("referrals.help.newcomer_batch")} <Go to="/promotions/batches/new">{t("batches.create")}</Go>
    </>
  );
}
