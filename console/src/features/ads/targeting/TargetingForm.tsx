import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useAllDocuments } from "@/api/documents/all";
import type { ApiError } from "@/api/problem";
import type { CampaignDocument } from "@/api/types";
import { Field } from "@/components/Field";
import { JsonInput } from "@/components/JsonInput";
import { WordsInput } from "@/components/WordsInput";
import { Clauses } from "./Clauses";
import { isWeek, PRESETS, same, type Week } from "./grid";
import { HalfHours } from "./HalfHours";
import { type Group, type Json, read, write } from "./tree";

type Targeting = CampaignDocument["targeting"];

interface Props {
  value: Targeting;
  problem: ApiError | null;
  onChange: (targeting: Targeting) => void;
}

const PATH = "targeting.expression";
const CHANNELS = ["web", "app", "store"].map((word) => ({ value: word, label: word }));

/** Who may see it: segments, channels, and conditions on everything that an ad request tells. */
export function TargetingForm({ value, problem, onChange }: Props) {
  const { t } = useTranslation();
  const segments = useAllDocuments("segments");
  const options = (segments.data ?? []).map((item) => ({ value: item.id, label: item.document.name }));
  const put = (change: Targeting) => onChange({ ...value, ...change });
  return (
    <>
      <Field label={t("ads.fields.targeting_segments_any")} help={t("targeting.help.segments")} error={problem?.field("targeting.segments_any")}>
        {(id, describedBy) => <WordsInput id={id} describedBy={describedBy} label={t("ads.fields.targeting_segments_any")} options={options} placeholder={t("ads.everyone")} value={value.segments_any ?? []} onChange={(words) => put({ segments_any: words })} />}
      </Field>
      <Field label={t("ads.fields.targeting_channels_any")} error={problem?.field("targeting.channels_any")}>
        {(id) => <WordsInput id={id} label={t("ads.fields.targeting_channels_any")} free placeholder={t("ads.allChannels")} options={CHANNELS} value={value.channels_any ?? []} onChange={(words) => put({ channels_any: words })} />}
      </Field>
      <Conditions value={value} problem={problem} onChange={onChange} />
    </>
  );
}

function Conditions({ value, problem, onChange }: Props) {
  const { t } = useTranslation();
  const [asJson, setAsJson] = useState(false);
  const kept = useKept(value.expression ?? null);
  const error = problem?.field(PATH);
  const put = (expression: Json | null) => onChange({ ...value, expression });
  return (
    <>
      <div className="row between">
        <h3>{t("targeting.title")}</h3>
        <Button size="small" type="text" aria-pressed={asJson} onClick={() => setAsJson(!asJson)}>
          {t(asJson ? "targeting.asForm" : "targeting.asJson")}
        </Button>
      </div>
      {asJson || !kept.root ? (
        <JsonInput label={t("targeting.json")} rows={14} value={value.expression ?? {}} onChange={(typed) => put(Object.keys(typed as object).length ? (typed as Json) : null)} />
      ) : (
        <Clauses part={kept.root} path={PATH} number="" problem={problem} onChange={(root) => put(kept.write(root))} />
      )}
      {error && (
        <p className="wrong-note" role="alert">
          {error}
        </p>
      )}
    </>
  );
}

/** The form's tree beside the document: groups still without conditions stand in the form alone. */
function useKept(expression: Json | null) {
  const [held, setHeld] = useState<{ root: Group; text: string } | null>(null);
  const text = JSON.stringify(expression);
  const root = held?.text === text ? held.root : read(expression);
  const keep = (next: Group): Json | null => {
    const written = write(next);
    setHeld({ root: next, text: JSON.stringify(written) });
    return written;
  };
  return { root, write: keep };
}

interface HoursProps {
  value: CampaignDocument;
  problem: ApiError | null;
  onChange: (value: CampaignDocument) => void;
}

/** At which half-hours of the week it runs; all of them are said by none. */
export function DayParting({ value, problem, onChange }: HoursProps) {
  const { t } = useTranslation();
  const put = (week: Week) => onChange({ ...value, hours: same(week, PRESETS.all) ? [] : [...week] });
  const wrong = problem?.fields.find((one) => one.path.startsWith("document.hours"))?.detail;
  return (
    <Field label={t("targeting.grid.title")} error={wrong}>
      {() => <HalfHours label={t("targeting.grid.title")} value={isWeek(value.hours) ? value.hours : PRESETS.all} onChange={put} />}
    </Field>
  );
}
