import { Select } from "antd";
import { useTranslation } from "react-i18next";
import type { SeriesView } from "@/api/types";
import { Choice } from "@/components/Choice";
import { METRICS } from "@/lib/catalogue";
import { WINDOWS } from "./axis";
import { isBusiness, type Panel, panelOf, panelsText, parsePanels, PRESETS } from "./panels";
import { seriesName } from "./reading";

/** On every series; they tell where it comes from, not what it is. */
const ORIGIN = ["instance", "job"];

interface Props {
  known: SeriesView[];
  panels: Panel[];
  onChange: (panels: Panel[]) => void;
  last: string;
  onLast: (last: string) => void;
  steps: number[];
  step: string;
  automatic: number | undefined;
  onStep: (step: string) => void;
}

/** What is put on the page: stored series by search, metrics of the shop, sets that are often asked. */
export function Toolbar({ known, panels, onChange, last, onLast, steps, step, automatic, onStep }: Props) {
  const { t } = useTranslation();
  const stepWords = (seconds: number) => t(`metricsPage.steps.${seconds}`);
  const auto = automatic === undefined ? t("metricsPage.auto") : t("metricsPage.autoIs", { step: stepWords(automatic) });
  return (
    <section className="card metric-tools" aria-label={t("metricsPage.ask")}>
      <SeriesPicker known={known} onPick={(one) => onChange([...panels, panelOf(one)])} />
      <BusinessPicker panels={panels} onPick={(metric) => onChange([...panels, { metric }])} />
      <Choice label={t("metricsPage.window")} value={last} onChange={onLast} options={Object.keys(WINDOWS).map((value) => ({ value, label: t(`metricsPage.windows.${value}`) }))} />
      <Choice label={t("metricsPage.step")} value={step} onChange={onStep} options={[{ value: "auto", label: auto }, ...steps.map((one) => ({ value: String(one), label: stepWords(one) }))]} />
      <Presets known={known} panels={panels} onChange={onChange} />
    </section>
  );
}

function SeriesPicker({ known, onPick }: { known: SeriesView[]; onPick: (one: SeriesView) => void }) {
  const { t } = useTranslation();
  const options = known.map((one) => ({ value: one.name, label: `${seriesName(one.name, t)} ${one.name}`, one }));
  return (
    <Select
      className="metric-picker"
      classNames={{ popup: { root: "series-popup" } }}
      listHeight={384}
      aria-label={t("metricsPage.addSeries")}
      placeholder={t("metricsPage.addSeries")}
      value={null}
      showSearch={{ optionFilterProp: "label" }}
      options={options}
      optionRender={({ data }) => <SeriesOption one={(data as (typeof options)[number]).one} />}
      notFoundContent={t("metricsPage.notFound")}
      disabled={known.length === 0}
      onSelect={(_: unknown, option: (typeof options)[number]) => onPick(option.one)}
    />
  );
}

function SeriesOption({ one }: { one: SeriesView }) {
  const { t } = useTranslation();
  const name = seriesName(one.name, t);
  const labels = one.labels.filter((label) => !ORIGIN.includes(label));
  return (
    <span className="series-option">
      <span>{name}</span>
      <span className="note">
        {name !== one.name && <code>{one.name}</code>} {[t(`metricKinds.${one.kind}`), ...labels].join(" · ")} · {t("metricsPage.count", { count: one.series })}
      </span>
    </span>
  );
}

function BusinessPicker({ panels, onPick }: { panels: Panel[]; onPick: (metric: string) => void }) {
  const { t } = useTranslation();
  const shown = new Set(panels.filter(isBusiness).map((panel) => panel.metric));
  const options = Object.keys(METRICS).map((value) => ({ value, label: t(`metrics.${value}`), title: t(`definitions.${value}`, { defaultValue: "" }), disabled: shown.has(value) }));
  return <Select className="metric-picker" aria-label={t("metricsPage.addBusiness")} placeholder={t("metricsPage.addBusiness")} value={null} showSearch={{ optionFilterProp: "label" }} options={options} notFoundContent={t("metricsPage.notFound")} onSelect={(value: unknown) => onPick(String(value))} />;
}

/** Only sets whose series are all stored. */
function Presets({ known, panels, onChange }: Pick<Props, "known" | "panels" | "onChange">) {
  const { t } = useTranslation();
  const names = new Set(known.map((one) => one.name));
  const possible = Object.entries(PRESETS).filter(([, text]) => parsePanels(text).every((panel) => isBusiness(panel) || names.has(panel.series)));
  const shown = panelsText(panels);
  if (possible.length === 0) return null;
  return (
    <div className="segments wrap" role="group" aria-label={t("metricsPage.often")}>
      {possible.map(([name, text]) => (
        <button key={name} type="button" aria-pressed={text === shown} onClick={() => onChange(parsePanels(text))}>
          {t(`metricsPage.presets.${name}`)}
        </button>
      ))}
    </div>
  );
}
