import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { listEvents } from "@/api/events-list";
import { asApiError } from "@/api/problem";
import { trySchema } from "@/api/schema-try";
import type { EventSchemaDocument } from "@/api/types";
import { Field } from "@/components/Field";
import { Failure, Waiting } from "@/components/states";
import { useSettled } from "@/lib/useSettled";
import { JsonInput } from "@/components/JsonInput";

/** A sample of the event, judged by the schema as it is typed: a dry run, nothing is written. */
export function Trial({ document }: { document: EventSchemaDocument }) {
  const { t } = useTranslation();
  const [sample, setSample] = useState<unknown>({ order_id: "1001" });
  const [loads, setLoads] = useState(0);
  const [none, setNone] = useState(false);
  const load = async () => {
    const page = await listEvents({ limit: 1, event: document.name });
    const found = page.items[0];
    setNone(!found);
    if (!found) return;
    setSample((document.part === "traits" ? found.traits : found.properties) ?? {});
    setLoads(loads + 1);
  };
  return (
    <section className="card form" aria-label={t("schemas.trial")}>
      <div className="card-head">
        <h2>{t("schemas.trial")}</h2>
        <Button size="small" disabled={document.name === ""} onClick={() => void load()}>
          {t("schemas.loadNewest")}
        </Button>
      </div>
      {none && <p className="note">{t("schemas.noEvent")}</p>}
      <Field label={t(`schemas.parts.${document.part ?? "properties"}`)} help={t("schemas.sampleHelp")}>
        {(id, describedBy) => <JsonInput key={loads} id={id} describedBy={describedBy} rows={10} value={sample} onChange={setSample} />}
      </Field>
      <Verdict document={document} sample={sample} />
    </section>
  );
}

function Verdict({ document, sample }: { document: EventSchemaDocument; sample: unknown }) {
  const { t } = useTranslation();
  const asked = useSettled({ document: { ...document, name: document.name || "…" }, sample });
  const trial = useQuery({ queryKey: ["schema-trial", asked], queryFn: ({ signal }) => trySchema(asked.document, asked.sample, signal), placeholderData: (previous) => previous, retry: false });
  if (trial.error) {
    const problem = asApiError(trial.error);
    if (problem.status !== 400) return <Failure error={trial.error} retry={() => void trial.refetch()} />;
    return (
      <div className="failure" role="alert">
        <strong>{t("schemas.noSchema")}</strong>
        {problem.fields.map((field) => (
          <p key={field.path}>
            <code>{field.path.replace(/^document\./, "")}</code> {field.detail}
          </p>
        ))}
      </div>
    );
  }
  if (!trial.data) return <Waiting lines={1} />;
  const { outcome, fault } = trial.data;
  return (
    <div className={outcome === "stored" ? "notice" : "notice warn"} role="status" data-outcome={outcome}>
      <strong>{t(`schemas.outcomes.${outcome}`)}</strong>
      {fault && (
        <span>
          <code>{fault.path}</code> {fault.message}
        </span>
      )}
    </div>
  );
}
