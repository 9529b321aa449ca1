import { Checkbox } from "antd";
import { useTranslation } from "react-i18next";
import { useAllDocuments } from "@/api/documents/all";
import type { ApiError } from "@/api/problem";
import type { LandingPageDocument } from "@/api/types";
import { Choice } from "@/components/Choice";
import { Field } from "@/components/Field";
import { CountInput, InstantInput } from "@/components/inputs";
import { WordsInput } from "@/components/WordsInput";
import { useZoneHelp } from "@/components/zone-help";
import type { Block, BlockType } from "./blocks";
import { GoodsForm } from "./GoodsForm";
import { ImageField, UrlField, WordsField } from "./inputs";
import { SaleChoice } from "./SaleChoice";
import { TabsForm } from "./TabsForm";

export interface FormProps<T extends BlockType> {
  block: Block<T>;
  /** Where the block stands in the document: `blocks[2]`. */
  path: string;
  page: LandingPageDocument;
  problem: ApiError | null;
  onChange: (block: Block<T>) => void;
}

/** The form of one block. Errors of the server stand beside their fields. */
export function BlockForm(props: FormProps<BlockType>) {
  const Form = FORMS[props.block.type] as (props: FormProps<BlockType>) => React.ReactNode;
  return (
    <div className="form">
      <Form {...props} />
    </div>
  );
}

const FORMS = { hero: HeroForm, coupon: CouponForm, countdown: CountdownForm, goods: GoodsForm, flash_sale: SaleForm, promotion_bar: BarForm, text: TextForm, image: ImageForm, rules: RulesForm, tabs: TabsForm, spacer: SpacerForm };

function HeroForm({ block, path, problem, onChange }: FormProps<"hero">) {
  const { t } = useTranslation();
  const { button } = block;
  return (
    <>
      <WordsField label={t("landing.fields.heading")} path={`${path}.heading`} problem={problem} value={block.heading} onChange={(heading) => heading && onChange({ ...block, heading })} />
      <WordsField label={t("landing.fields.text")} path={`${path}.text`} problem={problem} optional value={block.text} onChange={(text) => onChange({ ...block, text })} />
      <ImageField label={t("landing.fields.image")} path={`${path}.image`} problem={problem} optional value={block.image} onChange={(image) => onChange({ ...block, image })} />
      <WordsField label={t("landing.fields.button")} path={`${path}.button.label`} problem={problem} optional value={button?.label} onChange={(label) => onChange({ ...block, button: label && { url: "#", ...button, label } })} />
      {button && <UrlField label={t("landing.fields.url")} help={t("landing.help.url")} path={`${path}.button.url`} problem={problem} value={button.url} onChange={(url) => onChange({ ...block, button: { ...button, url: url ?? "" } })} />}
    </>
  );
}

function CouponForm({ block, path, problem, onChange }: FormProps<"coupon">) {
  const { t } = useTranslation();
  const batches = useAllDocuments("coupon-batches");
  const options = (batches.data ?? []).map(({ id, document, state }) => ({ value: id, label: `${document.name} · ${t(`states.${state}`)}` }));
  const known = options.some((one) => one.value === block.batch) ? options : [{ value: block.batch, label: block.batch || t("landing.choose") }, ...options];
  return (
    <>
      <Field label={t("landing.fields.batch")} help={t("landing.help.batch")} error={problem?.field(`${path}.batch`)}>
        {(id, describedBy) => <Choice id={id} describedBy={describedBy} value={block.batch} options={known} onChange={(batch) => onChange({ ...block, batch })} />}
      </Field>
      <WordsField label={t("landing.fields.value")} help={t("landing.help.value")} path={`${path}.value`} problem={problem} value={block.value} onChange={(value) => value && onChange({ ...block, value })} />
      <WordsField label={t("landing.fields.title")} path={`${path}.title`} problem={problem} value={block.title} onChange={(title) => title && onChange({ ...block, title })} />
      <WordsField label={t("landing.fields.note")} help={t("landing.help.note")} path={`${path}.note`} problem={problem} optional value={block.note} onChange={(note) => onChange({ ...block, note })} />
    </>
  );
}

function CountdownForm({ block, path, problem, onChange }: FormProps<"countdown">) {
  const { t } = useTranslation();
  const zone = useZoneHelp();
  const bySale = block.flash_sale !== null && block.flash_sale !== undefined;
  const ends = ["moment", "sale"].map((value) => ({ value, label: t(`landing.ends.${value}`) }));
  return (
    <>
      <WordsField label={t("landing.fields.title")} path={`${path}.title`} problem={problem} value={block.title} onChange={(title) => title && onChange({ ...block, title })} />
      <Field label={t("landing.fields.ends")}>
        {(id) => <Choice id={id} value={bySale ? "sale" : "moment"} options={ends} onChange={(end) => onChange({ ...block, until: null, flash_sale: end === "sale" ? "" : null })} />}
      </Field>
      {bySale ? (
        <SaleChoice path={`${path}.flash_sale`} problem={problem} value={block.flash_sale ?? ""} onChange={(sale) => onChange({ ...block, flash_sale: sale })} />
      ) : (
        <Field label={t("landing.fields.until")} help={zone} error={problem?.field(`${path}.until`)}>
          {(id, describedBy) => <InstantInput id={id} describedBy={describedBy} value={block.until ?? null} onChange={(until) => onChange({ ...block, until })} />}
        </Field>
      )}
    </>
  );
}

function SaleForm({ block, path, problem, onChange }: FormProps<"flash_sale">) {
  const { t } = useTranslation();
  return (
    <>
      <SaleChoice path={`${path}.sale`} problem={problem} value={block.sale} onChange={(sale) => onChange({ ...block, sale })} />
      <WordsField label={t("landing.fields.title")} path={`${path}.title`} problem={problem} optional value={block.title} onChange={(title) => onChange({ ...block, title })} />
      <Field label={t("landing.fields.limit")} error={problem?.field(`${path}.limit`)}>
        {(id) => <CountInput id={id} value={block.limit ?? 12} onChange={(limit) => onChange({ ...block, limit: limit ?? 1 })} />}
      </Field>
    </>
  );
}

function BarForm({ block, path, problem, onChange }: FormProps<"promotion_bar">) {
  const { t } = useTranslation();
  const promotions = useAllDocuments("promotions");
  const options = (promotions.data ?? []).map(({ id, document, state }) => ({ value: id, label: `${document.name} · ${t(`states.${state}`)}` }));
  return (
    <Field label={t("landing.fields.promotions")} help={t("landing.help.promotions")} error={problem?.field(`${path}.promotions`)}>
      {(id, describedBy) => <WordsInput id={id} describedBy={describedBy} value={block.promotions} options={options} onChange={(chosen) => onChange({ ...block, promotions: chosen })} />}
    </Field>
  );
}

function TextForm({ block, path, problem, onChange }: FormProps<"text">) {
  const { t } = useTranslation();
  return (
    <>
      <WordsField label={t("landing.fields.heading")} path={`${path}.heading`} problem={problem} optional value={block.heading} onChange={(heading) => onChange({ ...block, heading })} />
      <WordsField label={t("landing.fields.body")} help={t("landing.help.body")} lines={5} path={`${path}.text`} problem={problem} optional value={block.text} onChange={(text) => onChange({ ...block, text })} />
    </>
  );
}

function ImageForm({ block, path, problem, onChange }: FormProps<"image">) {
  const { t } = useTranslation();
  return (
    <>
      <ImageField label={t("landing.fields.image")} path={`${path}.image`} problem={problem} value={block.image} onChange={(image) => image && onChange({ ...block, image })} />
      <UrlField label={t("landing.fields.url")} help={t("landing.help.url")} path={`${path}.url`} problem={problem} optional value={block.url} onChange={(url) => onChange({ ...block, url })} />
    </>
  );
}

function RulesForm({ block, path, problem, onChange }: FormProps<"rules">) {
  const { t } = useTranslation();
  return (
    <>
      <WordsField label={t("landing.fields.title")} path={`${path}.title`} problem={problem} optional value={block.title} onChange={(title) => onChange({ ...block, title })} />
      <WordsField label={t("landing.fields.body")} help={t("landing.help.body")} lines={6} path={`${path}.text`} problem={problem} value={block.text} onChange={(text) => text && onChange({ ...block, text })} />
    </>
  );
}

function SpacerForm({ block, onChange }: FormProps<"spacer">) {
  const { t } = useTranslation();
  const sizes = (["small", "medium", "large"] as const).map((value) => ({ value, label: t(`landing.sizes.${value}`) }));
  return (
    <>
      <Field label={t("landing.fields.size")}>{(id) => <Choice id={id} value={block.size ?? "medium"} options={sizes} onChange={(size) => onChange({ ...block, size })} />}</Field>
      <Checkbox checked={block.line ?? false} onChange={(event) => onChange({ ...block, line: event.target.checked })}>
        {t("landing.fields.line")}
      </Checkbox>
    </>
  );
}
