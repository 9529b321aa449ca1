import { Input } from "antd";
import { useTranslation } from "react-i18next";
import type { ApiError } from "@/api/problem";
import { Field } from "@/components/Field";

/** The flash sale that a block is about, by its id. */
export function SaleChoice({ path, problem, value, onChange }: { path: string; problem: ApiError | null; value: string; onChange: (sale: string) => void }) {
  const { t } = useTranslation();
  return (
    <Field label={t("landing.fields.sale")} help={t("landing.help.sale")} error={problem?.field(path)}>
      {(id, describedBy) => <Input id={id} aria-describedby={describedBy} value={value} onChange={(event) => onChange(event.target.value.trim())} />}
    </Field>
  );
}
