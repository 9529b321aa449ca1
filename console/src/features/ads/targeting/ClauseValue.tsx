import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useAllDocuments } from "@/api/documents/all";
import { Choice } from "@/components/Choice";
import { DecimalInput } from "@/components/inputs";
import { useGoods } from "@/components/useGoods";
import { type TimeWindow, WindowInput } from "@/components/WindowInput";
import { WordsInput } from "@/components/WordsInput";
import { COMPARISONS, type Corner, LISTS, readCorners, scalarOf, writeCorners } from "./fields";
import { isWeek, PRESETS } from "./grid";
import { HalfHours } from "./HalfHours";
import type { Clause } from "./tree";

interface Props {
  clause: Clause;
  onChange: (value: unknown) => void;
}

interface ValueProps<V> {
  label: string;
  value: V;
  onChange: (value: V) => void;
}

const WIDE = ["in_polygon", "in_windows", "in_grid"];

/** What a condition compares with, asked as its operator needs it. */
export function ClauseValue({ clause, onChange }: Props) {
  return <span className={WIDE.includes(clause.op) ? "clause-value wide" : "clause-value"}>{valueOf(clause, onChange)}</span>;
}

function valueOf({ field, op, value }: Clause, onChange: (value: unknown) => void) {
  if (LISTS.includes(op)) return <Words field={field} value={Array.isArray(value) ? value : [value]} onChange={onChange} />;
  if (COMPARISONS.includes(op)) return <Limit value={typeof value === "number" ? value : null} onChange={onChange} />;
  if (op === "between") return <Between value={(value ?? []) as number[]} onChange={onChange} />;
  if (op === "exists") return <Exists value={value !== false} onChange={onChange} />;
  if (op === "in_radius") return <Circle value={(value ?? {}) as CircleValue} onChange={onChange} />;
  if (op === "in_polygon") return <Polygon value={(value ?? []) as Corner[]} onChange={onChange} />;
  if (op === "in_windows") return <Windows value={(value ?? []) as TimeWindow[]} onChange={onChange} />;
  if (op === "in_grid") return <Week value={value} onChange={onChange} />;
  return <Scalar value={value} onChange={onChange} />;
}

const CHANNELS = ["web", "app", "store"].map((word) => ({ value: word, label: word }));
const DEVICES = ["mobile", "tablet", "desktop", "tv"].map((word) => ({ value: word, label: word }));

function Words({ field, value, onChange }: { field: string; value: unknown[]; onChange: (value: unknown) => void }) {
  const { t } = useTranslation();
  const segments = useAllDocuments("segments");
  const { options, search } = useGoods();
  const known: Record<string, { value: string; label: string }[]> = {
    segments: (segments.data ?? []).map((item) => ({ value: item.id, label: item.document.name })),
    skus: options.skus,
    categories: options.categories,
    tags: options.tags,
    channel: CHANNELS,
    "device.type": DEVICES,
  };
  return <WordsInput label={t("targeting.value")} free={field !== "segments"} options={known[field] ?? []} placeholder={t(`targeting.examples.${field}`, { defaultValue: t("targeting.examples.other") })} value={value.map(String)} onChange={(words) => onChange(words)} {...(["skus", "categories"].includes(field) ? { onSearch: search } : {})} />;
}

function Limit({ value, onChange }: Omit<ValueProps<number | null>, "label">) {
  const { t } = useTranslation();
  return <DecimalInput label={t("targeting.value")} value={value} onChange={onChange} />;
}

function Between({ value, onChange }: { value: number[]; onChange: (value: unknown) => void }) {
  const { t } = useTranslation();
  return (
    <>
      <DecimalInput label={t("targeting.low")} value={value[0] ?? null} onChange={(low) => onChange([low, value[1]])} /> – <DecimalInput label={t("targeting.high")} value={value[1] ?? null} onChange={(high) => onChange([value[0], high])} />
    </>
  );
}

function Exists({ value, onChange }: { value: boolean; onChange: (value: unknown) => void }) {
  const { t } = useTranslation();
  return <Choice label={t("targeting.value")} value={value ? "known" : "unknown"} onChange={(next) => onChange(next === "known")} options={(["known", "unknown"] as const).map((one) => ({ value: one, label: t(`targeting.exists.${one}`) }))} />;
}

interface CircleValue {
  lat?: number | null;
  lon?: number | null;
  radius_km?: number | null;
}

function Circle({ value, onChange }: { value: CircleValue; onChange: (value: unknown) => void }) {
  const { t } = useTranslation();
  return (["lat", "lon", "radius_km"] as const).map((name) => (
    <label key={name} className="row">
      <span className="note">{t(`targeting.circle.${name}`)}</span>
      <DecimalInput width={110} value={value[name] ?? null} suffix={name === "radius_km" ? "km" : "°"} onChange={(number) => onChange({ ...value, [name]: number })} />
    </label>
  ));
}

function Polygon({ value, onChange }: { value: Corner[]; onChange: (value: unknown) => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState(() => writeCorners(value));
  const { corners, wrong } = readCorners(text);
  const type = (next: string) => {
    setText(next);
    onChange(readCorners(next).corners);
  };
  return (
    <>
      <span className="corners">
        <Input.TextArea className="code" rows={4} spellCheck={false} aria-label={t("targeting.corners")} aria-invalid={wrong.length > 0 || undefined} placeholder={"31.24, 121.47\n31.20, 121.52\n31.18, 121.44"} value={text} onChange={(event) => type(event.target.value)} />
        <span className={wrong.length ? "note fault" : "note"}>{wrong.length ? t("targeting.wrongCorners", { lines: wrong.join("; ") }) : t("targeting.cornersHelp", { count: corners.length })}</span>
      </span>
      {corners.length > 2 && <Outline corners={corners} />}
    </>
  );
}

/** The shape that the corners draw, north above, as a check that none is out of place. */
function Outline({ corners }: { corners: Corner[] }) {
  const { t } = useTranslation();
  const [lats, lons] = [corners.map(({ lat }) => lat), corners.map(({ lon }) => lon)];
  const [north, west] = [Math.max(...lats), Math.min(...lons)];
  const [height, width] = [Math.max(north - Math.min(...lats), 1e-6), Math.max(Math.max(...lons) - west, 1e-6)];
  return (
    <svg className="corners-map" role="img" aria-label={t("targeting.outline", { count: corners.length })} viewBox={`${-width * 0.05} ${-height * 0.05} ${width * 1.1} ${height * 1.1}`} preserveAspectRatio="none">
      <polygon points={corners.map(({ lat, lon }) => `${lon - west},${north - lat}`).join(" ")} />
    </svg>
  );
}

function Windows({ value, onChange }: { value: TimeWindow[]; onChange: (value: unknown) => void }) {
  const { t } = useTranslation();
  return (
    <span className="stack">
      {value.map((window, at) => (
        <WindowInput key={at} number={at + 1} value={window} onChange={(next) => onChange(value.map((old, index) => (index === at ? next : old)))} onRemove={value.length > 1 ? () => onChange(value.filter((_, index) => index !== at)) : undefined} />
      ))}
      <Button size="small" type="dashed" onClick={() => onChange([...value, { weekdays: [6, 7], from_time: "10:00", until_time: "22:00" }])}>
        {t("targeting.addWindow")}
      </Button>
    </span>
  );
}

function Week({ value, onChange }: { value: unknown; onChange: (value: unknown) => void }) {
  const { t } = useTranslation();
  return (
    <span className="stack">
      <HalfHours label={t("targeting.grid.title")} value={isWeek(value) ? value : PRESETS.all} onChange={(week) => onChange([...week])} />
    </span>
  );
}

function Scalar({ value, onChange }: { value: unknown; onChange: (value: unknown) => void }) {
  const { t } = useTranslation();
  return <Input style={{ width: 180 }} aria-label={t("targeting.value")} value={String(value ?? "")} onChange={(event) => onChange(scalarOf(event.target.value))} />;
}
