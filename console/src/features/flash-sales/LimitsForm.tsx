import { Checkbox } from "antd";
import { useTranslation } from "react-i18next";
import { Field } from "@/components/Field";
import { CountInput } from "@/components/inputs";
import type { SalePart } from "./ItemsForm";

/** How much one customer may have of everything, the queue, and how long a reservation waits. */
export function LimitsForm({ value, onChange, problem, fixed }: SalePart) {
  const { t } = useTranslation();
  const { customer_limits, queue } = value;
  return (
    <section className="card form">
      <h2>{t("flash.limits")}</h2>
      {(["per_session", "per_sale"] as const).map((name) => (
        <Field key={name} label={t(`flash.fields.${name}`)} help={t("flash.help.unlimited")} error={problem?.field(`customer_limits.${name}`)}>
          {(id, describedBy) => <CountInput id={id} describedBy={describedBy} width={140} disabled={fixed} value={customer_limits[name] ?? null} onChange={(limit) => onChange({ ...value, customer_limits: { ...customer_limits, [name]: limit } })} />}
        </Field>
      ))}
      <Field label={t("flash.queue")} help={t("flash.help.queue")} error={problem?.field("queue.admissions_per_s")}>
        {(id, describedBy) => (
          <span className="row">
            <Checkbox disabled={fixed} checked={Boolean(queue)} onChange={(event) => onChange({ ...value, queue: event.target.checked ? { admissions_per_s: 200 } : null })}>
              {t("flash.slots.queue")}
            </Checkbox>
            {queue && <CountInput id={id} describedBy={describedBy} label={t("flash.fields.admissions_per_s")} width={160} disabled={fixed} suffix={t("flash.slots.perSecond")} value={queue.admissions_per_s} onChange={(rate) => onChange({ ...value, queue: { ...queue, admissions_per_s: rate ?? 1 } })} />}
          </span>
        )}
      </Field>
      <Field label={t("flash.fields.reservation_expires_after_s")} help={t("flash.help.expires")} error={problem?.field("reservation_expires_after_s")}>
        {(id, describedBy) => <CountInput id={id} describedBy={describedBy} width={140} suffix={t("flash.slots.seconds")} disabled={fixed} value={value.reservation_expires_after_s} onChange={(seconds) => onChange({ ...value, reservation_expires_after_s: seconds ?? 10 })} />}
      </Field>
      <Field label={t("flash.fields.warm_up_s")} help={t("flash.help.warmUp")} error={problem?.field("warm_up_s")}>
        {(id, describedBy) => <CountInput id={id} describedBy={describedBy} width={140} suffix={t("flash.slots.seconds")} disabled={fixed} value={value.warm_up_s} onChange={(seconds) => onChange({ ...value, warm_up_s: seconds ?? 0 })} />}
      </Field>
    </section>
  );
}
