import { Input } from "antd";
import { useTranslation } from "react-i18next";
import type { ApiError } from "@/api/problem";
import type { LandingPageDocument } from "@/api/types";
import { Choice } from "@/components/Choice";
import { Field } from "@/components/Field";
import { InstantInput } from "@/components/inputs";
import { useZoneHelp } from "@/components/zone-help";
import { THEMES } from "./blocks";
import { ImageField, UrlField, WordsField } from "./inputs";

interface Props {
  page: LandingPageDocument;
  problem: ApiError | null;
  onChange: (page: LandingPageDocument) => void;
}

/** What belongs to the page as a whole: name, address, title, colours, sharing, time. */
export function PageForm({ page, problem, onChange }: Props) {
  const { t } = useTranslation();
  const zone = useZoneHelp();
  const put = (change: Partial<LandingPageDocument>) => onChange({ ...page, ...change });
  const consents = (["implied", "ask"] as const).map((value) => ({ value, label: t(`landing.consents.${value}`) }));
  return (
    <div className="form">
      <Field label={t("landing.fields.name")} help={t("landing.help.name")} error={problem?.field("name")}>
        {(id, describedBy) => <Input id={id} aria-describedby={describedBy} value={page.name} maxLength={200} onChange={(event) => put({ name: event.target.value })} />}
      </Field>
      <Field label={t("landing.fields.slug")} help={t("landing.help.slug")} error={problem?.field("slug")}>
        {(id, describedBy) => <Input id={id} aria-describedby={describedBy} addonBefore="/p/" value={page.slug} maxLength={60} onChange={(event) => put({ slug: event.target.value.toLowerCase() })} />}
      </Field>
      <WordsField label={t("landing.fields.title")} help={t("landing.help.title")} path="title" problem={problem} value={page.title} onChange={(title) => title && put({ title })} />
      <fieldset className="themes">
        <legend>{t("landing.fields.theme")}</legend>
        {THEMES.map((theme) => (
          <label key={theme}>
            <input type="radio" name="theme" checked={(page.theme ?? "red") === theme} onChange={() => put({ theme })} />
            {t(`landing.themes.${theme}`)}
          </label>
        ))}
      </fieldset>
      <UrlField label={t("landing.fields.goods_url")} help={t("landing.help.goods_url")} path="goods_url" problem={problem} optional value={page.goods_url} placeholder={t("landing.goodsUrlExample")} onChange={(goods_url) => put({ goods_url })} />
      <UrlField label={t("landing.fields.sign_in_url")} help={t("landing.help.sign_in_url")} path="sign_in_url" problem={problem} optional value={page.sign_in_url} placeholder={t("landing.signInUrlExample")} onChange={(sign_in_url) => put({ sign_in_url })} />
      <WordsField label={t("landing.fields.share")} help={t("landing.help.share")} path="share.text" problem={problem} optional value={page.share?.text} onChange={(text) => put({ share: { ...page.share, text } })} />
      <ImageField label={t("landing.fields.shareImage")} path="share.image" problem={problem} optional value={page.share?.image} onChange={(image) => put({ share: { ...page.share, image } })} />
      <Field label={t("landing.fields.starts_at")} help={zone} error={problem?.field("starts_at")}>
        {(id, describedBy) => <InstantInput id={id} describedBy={describedBy} value={page.starts_at ?? null} onChange={(starts_at) => put({ starts_at })} />}
      </Field>
      <Field label={t("landing.fields.ends_at")} help={t("landing.help.ends_at")} error={problem?.field("ends_at")}>
        {(id, describedBy) => <InstantInput id={id} describedBy={describedBy} value={page.ends_at ?? null} onChange={(ends_at) => put({ ends_at })} />}
      </Field>
      <Field label={t("landing.fields.consent")} help={t("landing.help.consent")}>
        {(id, describedBy) => <Choice id={id} describedBy={describedBy} value={page.consent ?? "implied"} options={consents} onChange={(consent) => put({ consent })} />}
      </Field>
    </div>
  );
}
