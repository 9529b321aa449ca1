import { Button, Input } from "antd";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { uploadImage } from "@/api/landing-images";
import { type ApiError, asApiError } from "@/api/problem";
import { Field } from "@/components/Field";
import type { Picture, Words } from "./blocks";

interface Asked<T> {
  label: string;
  help?: string;
  /** The server's JSON path, for its errors. */
  path: string;
  problem: ApiError | null;
  value: T | null | undefined;
  /** Whether it may be left empty; then it is null. */
  optional?: boolean;
  onChange: (value: T | null) => void;
}

/** A text in both languages, one below the other; both empty is none. */
export function WordsField({ label, help, path, problem, value, optional, onChange, lines = 1 }: Asked<Words> & { lines?: number }) {
  const { t } = useTranslation();
  const error = problem?.field(path) ?? problem?.field(`${path}.zh`) ?? problem?.field(`${path}.en`);
  const put = (next: Words) => onChange(optional && !next.zh && !next.en ? null : next);
  const held = { zh: value?.zh ?? "", en: value?.en ?? "" };
  const Box = lines > 1 ? Input.TextArea : Input;
  const rows = lines > 1 ? { rows: lines } : {};
  return (
    <Field label={label} {...(help ? { help } : {})} error={error}>
      {(id, describedBy) => (
        <div className="words-pair">
          <Box {...rows} id={id} aria-describedby={describedBy} value={held.zh} placeholder={t("landing.inChinese")} onChange={(event) => put({ ...held, zh: event.target.value })} />
          <Box {...rows} lang="en" aria-label={t("landing.english", { label })} value={held.en} placeholder={t("landing.inEnglish")} onChange={(event) => put({ ...held, en: event.target.value })} />
        </div>
      )}
    </Field>
  );
}

/** An address, or none. */
export function UrlField({ label, help, path, problem, value, optional, onChange, placeholder }: Asked<string> & { placeholder?: string }) {
  return (
    <Field label={label} {...(help ? { help } : {})} error={problem?.field(path)}>
      {(id, describedBy) => (
        <Input id={id} aria-describedby={describedBy} value={value ?? ""} placeholder={placeholder} onChange={(event) => onChange(optional && event.target.value.trim() === "" ? null : event.target.value.trim())} />
      )}
    </Field>
  );
}

/** An image: uploaded from here, with what it shows in words. */
export function ImageField({ label, help, path, problem, value, optional, onChange }: Asked<Picture>) {
  const { t } = useTranslation();
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<ApiError | null>(null);
  const chooser = useRef<HTMLInputElement>(null);
  const send = async (file: File | undefined) => {
    if (!file) return;
    setBusy(true);
    setRefused(null);
    try {
      const kept = await uploadImage(file);
      onChange({ alt: null, ...value, url: kept.url });
    } catch (error) {
      setRefused(asApiError(error));
    }
    setBusy(false);
  };
  const wrong = refused?.detail || refused?.fields[0]?.detail || refused?.title || problem?.field(path) || problem?.field(`${path}.url`);
  return (
    <>
      <Field label={label} help={help ?? t("landing.help.image")} error={wrong || undefined}>
        {(id, describedBy) => (
          <div className="image-field">
            {value?.url && <img src={value.url} alt={value.alt?.zh ?? ""} />}
            <input ref={chooser} id={id} className="sr" type="file" accept="image/png,image/jpeg,image/gif,image/webp" aria-describedby={describedBy} onChange={(event) => void send(event.target.files?.[0])} />
            <Button size="small" loading={busy} onClick={() => chooser.current?.click()}>
              {t(value?.url ? "landing.replaceImage" : "landing.upload")}
            </Button>
            {optional && value && (
              <Button size="small" type="text" onClick={() => onChange(null)}>
                {t("landing.removeImage")}
              </Button>
            )}
          </div>
        )}
      </Field>
      {value && <WordsField label={t("landing.fields.alt")} help={t("landing.help.alt")} path={`${path}.alt`} problem={problem} optional value={value.alt} onChange={(alt) => onChange({ ...value, alt })} />}
    </>
  );
}
