import { Input } from "antd";
import { useTranslation } from "react-i18next";
import type { Axis } from "@/api/lines";
import { useLabelValues } from "@/api/lines-hook";
import { Choice } from "@/components/Choice";
import type { Panel, SeriesPanel } from "./panels";
import { valueName } from "./reading";

const ALL = "all";
const EACH = "each";
/** Before a value, so that one called "all" is not taken for all. */
const ONE = "=";

interface Props {
  label: string;
  panel: SeriesPanel;
  axis: () => Axis;
  span: string;
  onChange: (panel: Panel) => void;
}

/** A label of a series: all together, one line for each of its values, or one value only. */
export function LabelChoice({ label, panel, axis, span, onChange }: Props) {
  const { t } = useTranslation();
  const found = useLabelValues(panel.series, label, axis, span);
  const only = panel.where[label];
  const value = panel.by.includes(label) ? EACH : only === undefined ? ALL : ONE + only;
  const set = (next: string) => onChange(withLabel(panel, label, next));
  const values = [...new Set([...(found.data ?? []), ...(only === undefined ? [] : [only])])];
  // A label with one value tells nothing apart.
  if (!found.error && values.length < 2 && value === ALL) return null;
  if (found.error && value !== EACH) {
    return (
      <label className="panel-tool">
        <code>{label}</code>
        <Input size="small" style={{ width: 140 }} placeholder={t("metricsPage.all")} defaultValue={only ?? ""} onBlur={(event) => set(event.target.value ? ONE + event.target.value : ALL)} onPressEnter={(event) => event.currentTarget.blur()} />
      </label>
    );
  }
  const options = [
    { value: ALL, label: t("metricsPage.all") },
    { value: EACH, label: t("metricsPage.each") },
    ...values.map((one) => ({ value: ONE + one, label: valueName(label, one, t) })),
  ];
  return (
    <label className="panel-tool">
      <code>{label}</code>
      <Choice value={value} onChange={set} options={options} />
    </label>
  );
}

function withLabel(panel: SeriesPanel, label: string, next: string): SeriesPanel {
  const where = Object.fromEntries(Object.entries(panel.where).filter(([name]) => name !== label));
  const by = panel.by.filter((name) => name !== label);
  if (next === EACH) return { ...panel, where, by: [...by, label] };
  return { ...panel, by, where: next === ALL ? where : { ...where, [label]: next.slice(ONE.length) } };
}
