import { Button, Checkbox } from "antd";
import { useTranslation } from "react-i18next";
import { useAllDocuments } from "@/api/documents/all";
import type { PlacementDocument } from "@/api/types";
import { Choice } from "@/components/Choice";
import type { FixedPartProps } from "@/components/DocumentEditor";
import { Field } from "@/components/Field";
import { Folded } from "@/components/Folded";
import { CountInput, MoneyInput } from "@/components/inputs";
import { useGoods } from "@/components/useGoods";
import { WordsInput } from "@/components/WordsInput";
import { readSizes, writeSizes } from "./sizes";
import { isWeek, PRESETS, same } from "./targeting/grid";
import { HalfHours } from "./targeting/HalfHours";

type Parts = FixedPartProps<"placements">;
type FloorRule = NonNullable<PlacementDocument["floors"]>[number];

const CHANNELS = ["shop", "app", "mini_program", "email", "live_room", "off_site"] as const;
const FORMATS = ["banner", "native", "video", "product_card", "search_keyword", "feed"] as const;
const AUCTIONS = ["second_price", "first_price", "gsp"] as const;
const SIZED = ["banner", "native", "video"];

/** Where it stands, what fits it, and how its auctions go. */
export function TermsForm({ value, onChange, problem, fixed }: Parts) {
  const { t } = useTranslation();
  return (
    <>
      <Field label={t("placements.fields.channel")} error={problem?.field("channel")}>
        {(id) => <Choice id={id} disabled={fixed} value={value.channel ?? "shop"} onChange={(channel) => onChange({ ...value, channel })} options={CHANNELS.map((one) => ({ value: one, label: t(`placements.channels.${one}`) }))} />}
      </Field>
      <Field label={t("placements.fields.format")} help={t("placements.help.format")} error={problem?.field("format")}>
        {(id, describedBy) => <Choice id={id} describedBy={describedBy} disabled={fixed} value={value.format ?? ""} onChange={(format) => onChange({ ...value, format: format || null, ...(SIZED.includes(format) ? {} : { sizes: [] }) })} options={[{ value: "", label: t("placements.anyFormat") }, ...FORMATS.map((one) => ({ value: one, label: t(`placements.formats.${one}`) }))]} />}
      </Field>
      {SIZED.includes(value.format ?? "") && (
        <Field label={t("placements.fields.sizes")} help={t("placements.help.sizes")} error={problem?.fields.find((one) => one.path.startsWith("document.sizes"))?.detail}>
          {(id, describedBy) => <WordsInput id={id} describedBy={describedBy} label={t("placements.fields.sizes")} free placeholder={t("placements.anySize")} options={["750x200", "300x250", "336x280", "1080x1920"].map((one) => ({ value: one, label: one }))} value={writeSizes(value.sizes ?? [])} onChange={(words) => onChange({ ...value, sizes: readSizes(words) })} />}
        </Field>
      )}
      <Field label={t("placements.fields.auction")} help={t(`placements.help.${value.auction ?? "second_price"}`)} error={problem?.field("auction")}>
        {(id, describedBy) => <Choice id={id} describedBy={describedBy} disabled={fixed} value={value.auction ?? "second_price"} onChange={(auction) => onChange({ ...value, auction })} options={AUCTIONS.map((one) => ({ value: one, label: t(`inspector.auctions.${one}`) }))} />}
      </Field>
    </>
  );
}

/** Who may not stand here. */
export function BlockedForm({ value, onChange, problem }: Parts) {
  const { t } = useTranslation();
  const { options, search } = useGoods();
  const advertisers = useAllDocuments("advertisers");
  const payers = (advertisers.data ?? []).map((item) => ({ value: item.id, label: item.document.name }));
  return (
    <Folded label={t("placements.blocked")} open={Boolean(value.blocked_categories?.length || value.blocked_advertisers?.length)}>
      <Field label={t("placements.fields.blocked_categories")} help={t("placements.help.blocked_categories")} error={problem?.field("blocked_categories")}>
        {(id, describedBy) => <WordsInput id={id} describedBy={describedBy} label={t("placements.fields.blocked_categories")} free options={options.categories} onSearch={search} value={value.blocked_categories ?? []} onChange={(words) => onChange({ ...value, blocked_categories: words })} />}
      </Field>
      <Field label={t("placements.fields.blocked_advertisers")} error={problem?.field("blocked_advertisers")}>
        {(id) => <WordsInput id={id} label={t("placements.fields.blocked_advertisers")} free options={payers} value={value.blocked_advertisers ?? []} onChange={(words) => onChange({ ...value, blocked_advertisers: words })} />}
      </Field>
    </Folded>
  );
}

/** Higher floors for some people, devices, channels and hours, and one that is learned. */
export function FloorsForm(parts: Parts) {
  const { value, onChange, problem, fixed } = parts;
  const { t } = useTranslation();
  const floors = value.floors ?? [];
  const put = (next: FloorRule[]) => onChange({ ...value, floors: next });
  const learned = value.dynamic_floor ?? null;
  return (
    <Folded label={t("placements.moreFloors")} open={floors.length > 0 || learned !== null || Boolean(problem?.fields.some((one) => one.path.includes("floor")))}>
      {floors.map((rule, at) => (
        <Rule key={at} number={at + 1} rule={rule} parts={parts} path={`floors[${at}]`} onChange={(next) => put(floors.map((old, index) => (index === at ? next : old)))} onRemove={() => put(floors.filter((_, index) => index !== at))} />
      ))}
      {!fixed && (
        <Button type="dashed" className="start" onClick={() => put([...floors, { floor_minor: value.floor_minor + 1, hours: [...PRESETS.evenings] }])}>
          {t("placements.addFloor")}
        </Button>
      )}
      <Field label={t("placements.fields.dynamic_floor")} help={t("placements.help.dynamic_floor")} error={problem?.field("dynamic_floor.max_minor")}>
        {(id, describedBy) => (
          <span className="row">
            <Checkbox id={id} aria-describedby={describedBy} disabled={fixed} checked={learned !== null} onChange={(event) => onChange({ ...value, dynamic_floor: event.target.checked ? { max_minor: null, explore_percent: 5 } : null })}>
              {t("placements.learn")}
            </Checkbox>
            {learned && (
              <>
                <span className="note">{t("placements.learnMax")}</span>
                <MoneyInput label={t("placements.learnMax")} disabled={fixed} value={learned.max_minor ?? null} currency={value.currency} onChange={(max_minor) => onChange({ ...value, dynamic_floor: { ...learned, max_minor } })} />
                <span className="note">{t("placements.explore")}</span>
                <CountInput label={t("placements.explore")} disabled={fixed} width={72} suffix="%" value={learned.explore_percent ?? 5} onChange={(percent) => onChange({ ...value, dynamic_floor: { ...learned, explore_percent: percent ?? 5 } })} />
              </>
            )}
          </span>
        )}
      </Field>
    </Folded>
  );
}

interface RuleProps {
  number: number;
  rule: FloorRule;
  parts: Parts;
  path: string;
  onChange: (rule: FloorRule) => void;
  onRemove: () => void;
}

function Rule({ number, rule, parts: { value, problem, fixed }, path, onChange, onRemove }: RuleProps) {
  const { t } = useTranslation();
  const segments = useAllDocuments("segments");
  const options: Record<string, { value: string; label: string }[]> = {
    segments_any: (segments.data ?? []).map((item) => ({ value: item.id, label: item.document.name })),
    devices_any: ["mobile", "tablet", "desktop"].map((word) => ({ value: word, label: word })),
    channels_any: ["web", "app", "store"].map((word) => ({ value: word, label: word })),
  };
  const wrong = problem?.fields.find((one) => one.path.startsWith(`document.${path}.hours`))?.detail;
  const week = isWeek(rule.hours) ? rule.hours : PRESETS.all;
  return (
    <fieldset className="creative-form" aria-label={t("placements.floorRule", { number })}>
      <legend>{t("placements.floorRule", { number })}</legend>
      <Field label={t("placements.fields.floors_floor_minor")} error={problem?.field(`${path}.floor_minor`)}>
        {(id, describedBy) => <MoneyInput id={id} describedBy={describedBy} disabled={fixed} value={rule.floor_minor} currency={value.currency} onChange={(minor) => onChange({ ...rule, floor_minor: minor ?? 0 })} />}
      </Field>
      {(["segments_any", "devices_any", "channels_any"] as const).map((name) => (
        <Field key={name} label={t(`placements.fields.floors_${name}`)} error={problem?.field(`${path}.${name}`)}>
          {(id) => <WordsInput id={id} label={t(`placements.fields.floors_${name}`)} free={name !== "segments_any"} placeholder={t("placements.all")} options={options[name] ?? []} value={rule[name] ?? []} onChange={(words) => onChange({ ...rule, [name]: words })} />}
        </Field>
      ))}
      <Field label={t("targeting.grid.title")} error={wrong}>
        {() => <HalfHours label={t("targeting.grid.title")} disabled={fixed} value={week} onChange={(next) => onChange({ ...rule, hours: same(next, PRESETS.all) ? [] : [...next] })} />}
      </Field>
      {!fixed && (
        <Button size="small" danger type="text" onClick={onRemove}>
          {t("placements.removeFloor", { number })}
        </Button>
      )}
    </fieldset>
  );
}
