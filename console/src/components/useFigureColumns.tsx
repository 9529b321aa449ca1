import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import { numeric } from "@/api/figures";
import { useFigures } from "@/api/figures-hook";
import { DASH, exact, unitOf } from "@/lib/numbers";
import type { Column } from "./Table";

/** Columns of what each row brought in the period. Until the figures are here they breathe; a dash means none. */
export function useFigureColumns<T extends { id: string }>(dimension: string, metrics: string[], units: Record<string, string>): Column<T>[] {
  const { t } = useTranslation();
  const { currency } = useCurrency();
  const figures = useFigures({ metrics, dimensions: [dimension] }, "now", 5000);
  const rows = new Map(figures.data?.rows.map((row) => [String(row[dimension]), row]));
  const cell = (item: T, name: string) => {
    if (figures.data) return exact(numeric(rows.get(item.id), name), unitOf(name, units[name]), currency);
    return figures.error ? <span title={t("figures.failed")}>{DASH}</span> : <i className="pending" role="img" aria-label={t("state.loading")} />;
  };
  return metrics.map((name) => ({
    id: name,
    title: t(`metrics.${name}`),
    help: t(`definitions.${name}`),
    numeric: true,
    value: (item) => numeric(rows.get(item.id), name),
    cell: (item) => cell(item, name),
  }));
}
