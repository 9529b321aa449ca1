import { Button, Input } from "antd";
import { useTranslation } from "react-i18next";
import type { Creative } from "@/api/types";
import { Field } from "@/components/Field";
import type { PartProps } from "./Editor";
import "./ads.css";

const FIELDS = ["title", "landing_url", "image_url", "sku"] as const;

/** What is shown and where a click leads. */
export function CreativesForm({ value, onChange, problem }: PartProps) {
  const { t } = useTranslation();
  const put = (creatives: Creative[]) => onChange({ ...value, creatives });
  const edit = (at: number, change: Partial<Creative>) => put(value.creatives.map((one, index) => (index === at ? { ...one, ...change } : one)));
  const free = () => {
    let number = value.creatives.length + 1;
    while (value.creatives.some((one) => one.id === `c${number}`)) number += 1;
    return `c${number}`;
  };
  return (
    <>
      {value.creatives.map((creative, at) => (
        <fieldset key={creative.id} className="creative-form">
          <legend>{t("ads.creative", { number: at + 1 })}</legend>
          {FIELDS.map((name) => (
            <Field key={name} label={t(`ads.fields.creatives_${name}`)} help={t(`ads.help.creatives_${name}`)} error={problem?.field(`creatives[${at}].${name}`)}>
              {(id, describedBy) => <Input id={id} aria-describedby={describedBy} value={creative[name] ?? ""} onChange={(event) => edit(at, { [name]: event.target.value || (name === "title" || name === "landing_url" ? "" : null) })} />}
            </Field>
          ))}
          {value.creatives.length > 1 && (
            <Button size="small" danger type="text" onClick={() => put(value.creatives.filter((_, index) => index !== at))}>
              {t("ads.removeCreative")}
            </Button>
          )}
        </fieldset>
      ))}
      <Button type="dashed" onClick={() => put([...value.creatives, { id: free(), title: "", landing_url: "/" }])}>
        {t("ads.addCreative")}
      </Button>
    </>
  );
}
