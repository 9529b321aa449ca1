import { Button, Checkbox } from "antd";
import { useTranslation } from "react-i18next";
import type { Cap } from "@/api/types";
import { Choice } from "@/components/Choice";
import { CountInput } from "@/components/inputs";
import type { PartProps } from "./Editor";

const LEVELS = ["creative", "campaign", "advertiser", "account"] as const;
const PERS = ["minute", "hour", "day", "week", "month", "lifetime"] as const;

/** How often one person sees these ads at most. */
export function CapsForm({ value, onChange, problem }: PartProps) {
  const { t } = useTranslation();
  const put = (caps: Cap[]) => onChange({ ...value, caps });
  const edit = (at: number, change: Partial<Cap>) => put(value.caps.map((one, index) => (index === at ? { ...one, ...change } : one)));
  const per = (at: number, next: Cap["per"]) => edit(at, next === "lifetime" ? { per: next, rolling: false } : { per: next });
  const wrong = (at: number) => problem?.fields.find((one) => one.path.replace(/^document\./, "").startsWith(`caps[${at}]`))?.detail;
  return (
    <>
      {value.caps.map((cap, at) => (
        <div key={at} className="cap" role="group" aria-label={t("caps.one", { number: at + 1 })}>
          <div className="row">
            <Choice label={t("caps.per")} value={cap.per} onChange={(next) => per(at, next)} options={PERS.map((one) => ({ value: one, label: t(`caps.pers.${one}`) }))} />
            <CountInput label={t("caps.times")} value={cap.times} suffix={t("caps.unit")} onChange={(times) => edit(at, { times: times ?? 0 })} />
            <Choice label={t("caps.level")} value={cap.level} onChange={(level) => edit(at, { level })} options={LEVELS.map((one) => ({ value: one, label: t(`caps.levels.${one}`) }))} />
            {cap.per !== "lifetime" && (
              <Checkbox checked={cap.rolling ?? false} onChange={(event) => edit(at, { rolling: event.target.checked })}>
                {t("caps.rolling")}
              </Checkbox>
            )}
            <Button size="small" danger type="text" onClick={() => put(value.caps.filter((_, index) => index !== at))}>
              {t("caps.remove")}
            </Button>
          </div>
          {wrong(at) && (
            <div className="wrong-note" role="alert">
              {wrong(at)}
            </div>
          )}
        </div>
      ))}
      <p className="note">{t(value.caps.length ? "caps.help" : "caps.none")}</p>
      <Button type="dashed" onClick={() => put([...value.caps, { level: "campaign", times: 3, per: "day" }])}>
        {t("caps.add")}
      </Button>
    </>
  );
}
