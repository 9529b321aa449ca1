import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import { useNames } from "@/api/documents/all";
import { type Figure, numeric } from "@/api/figures";
import { useFigures } from "@/api/figures-hook";
import { Choice } from "@/components/Choice";
import { Go } from "@/components/Go";
import { Empty, Loaded } from "@/components/states";
import { type Column, Table } from "@/components/Table";
import { DASH, exact, unitOf } from "@/lib/numbers";
import { useParameter } from "@/lib/url";

const METRICS = ["clicks", "invalid_clicks", "invalid_click_rate", "impressions", "invalid_impressions", "invalid_refunds"];
const UNITS: Record<string, string> = { invalid_click_rate: "ratio", invalid_refunds: "minor" };
const PARTS = { campaign: { kind: "campaigns", base: "/ads" }, placement: { kind: "placements", base: "/ads/placements" } } as const;
type Part = keyof typeof PARTS;

/** Valid and invalid side by side, for each campaign or placement. */
export function ByWhom() {
  const { t } = useTranslation();
  const [named, setNamed] = useParameter("by", "campaign");
  const part: Part = named === "placement" ? "placement" : "campaign";
  const figures = useFigures({ metrics: METRICS, dimensions: [part], limit: 1_000 });
  const columns = useColumns(part);
  const tools = <Choice label={t("traffic.by")} value={part} onChange={setNamed} options={Object.keys(PARTS).map((value) => ({ value: value as string, label: t(`traffic.parts.${value}`) }))} />;
  return (
    <Loaded query={figures}>
      {(data) => <Table name="traffic" caption={t("traffic.table")} columns={columns} rows={data.rows.filter((row) => row[part])} rowKey={(row) => String(row[part])} tools={tools} empty={<Empty>{t("traffic.none")}</Empty>} />}
    </Loaded>
  );
}

function useColumns(part: Part): Column<Figure>[] {
  const { t } = useTranslation();
  const { currency } = useCurrency();
  const { kind, base } = PARTS[part];
  const names = useNames(kind);
  const name = (row: Figure) => names.get(String(row[part])) ?? String(row[part] ?? DASH);
  const figure = (id: string): Column<Figure> => ({
    id,
    title: t(`traffic.metrics.${id}`),
    help: t(`traffic.definitions.${id}`),
    numeric: true,
    value: (row) => numeric(row, id),
    cell: (row) => exact(numeric(row, id), unitOf(id, UNITS[id]), currency),
  });
  return [{ id: "name", title: t(`traffic.parts.${part}`), value: name, cell: (row) => <Go to={`${base}/${String(row[part])}`}>{name(row)}</Go> }, ...METRICS.map(figure)];
}
