import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { listFlashSales } from "@/api/flash-sales-list";
import type { ApiError } from "@/api/problem";
import { Choice } from "@/components/Choice";
import { Field } from "@/components/Field";

/** The flash sale that a block is about. */
export function SaleChoice({ path, problem, value, onChange }: { path: string; problem: ApiError | null; value: string; onChange: (sale: string) => void }) {
  const { t } = useTranslation();
  const sales = useQuery({ queryKey: ["flash-sales", "all"], queryFn: () => listFlashSales(), staleTime: 10_000 });
  const options = (sales.data ?? []).map(({ id, name, state }) => ({ value: id, label: `${name} · ${t(`states.${state}`)}` }));
  const known = options.some((one) => one.value === value) ? options : [{ value, label: value || t("landing.choose") }, ...options];
  return (
    <Field label={t("landing.fields.sale")} help={t("landing.help.sale")} error={problem?.field(path)}>
      {(id, describedBy) => <Choice id={id} describedBy={describedBy} value={value} options={known} onChange={onChange} />}
    </Field>
  );
}
