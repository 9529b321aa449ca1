import { Input } from "antd";
import { useTranslation } from "react-i18next";
import { useAllDocuments } from "@/api/documents/all";
import { Field } from "@/components/Field";
import { Go } from "@/components/Go";
import { WordsInput } from "@/components/WordsInput";
import { money } from "@/lib/numbers";
import type { PartProps } from "./Editor";

/** What it is called. */
export function NameField({ value, onChange, problem, placeholder }: PartProps & { placeholder?: string }) {
  const { t } = useTranslation();
  return (
    <Field label={t("ads.fields.name")} help={t("ads.help.name")} error={problem?.field("name")}>
      {(id, describedBy) => <Input id={id} aria-describedby={describedBy} maxLength={200} placeholder={placeholder} value={value.name} onChange={(event) => onChange({ ...value, name: event.target.value })} />}
    </Field>
  );
}

/** Who pays, and where it stands. */
export function PlacesForm({ value, onChange, problem }: PartProps) {
  const { t } = useTranslation();
  const advertisers = useAllDocuments("advertisers");
  const placements = useAllDocuments("placements");
  const options = (placements.data ?? []).map((item) => ({ value: item.id, label: `${item.document.name} · ${money(item.document.floor_minor, item.document.currency)}` }));
  return (
    <>
      <Field label={t("ads.fields.advertiser")} help={t("ads.help.advertiser")} error={problem?.field("advertiser")}>
        {(id, describedBy) => (
          <>
            <Input id={id} aria-describedby={describedBy} list={`${id}-known`} maxLength={200} value={value.advertiser} onChange={(event) => onChange({ ...value, advertiser: event.target.value })} />
            <datalist id={`${id}-known`}>
              {(advertisers.data ?? []).map((item) => (
                <option key={item.id} value={item.id}>
                  {item.document.name}
                </option>
              ))}
            </datalist>
          </>
        )}
      </Field>
      <Field label={t("ads.fields.placements")} help={placements.data?.length === 0 ? <NoPlacements /> : t("ads.help.placements")} error={problem?.field("placements")}>
        {(id, describedBy) => <WordsInput id={id} describedBy={describedBy} label={t("ads.fields.placements")} options={options} value={value.placements} onChange={(words) => onChange({ ...value, placements: words })} />}
      </Field>
    </>
  );
}

function NoPlacements() {
  const { t } = useTranslation();
  return (
    <>
      {t("placements.none")} <Go to="/ads/placements/new">{t("placements.create")}</Go>
    </>
  );
}
