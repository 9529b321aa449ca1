import { useMutation } from "@tanstack/react-query";
import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type FileKind, type Inspection, saveMapping, startImport, useInspection } from "@/api/imports";
import { Choice } from "@/components/Choice";
import { Field } from "@/components/Field";
import { Failure, Loaded } from "@/components/states";

interface Props {
  upload: string;
  onBack: () => void;
  onStarted: (job: string) => void;
}

/** What the file is, in which encoding, and which column is which field; proposals come filled in. */
export function MapColumns({ upload, onBack, onStarted }: Props) {
  const { t } = useTranslation();
  const [encoding, setEncoding] = useState("");
  const found = useInspection(upload, encoding);
  return (
    <>
      <div className="row"><Button onClick={onBack}>{t("imports.again")}</Button></div>
      <Loaded query={found}>
        {(look) => <Mapping key={look.headers.join("\n")} upload={upload} look={look} encoding={encoding} onEncoding={setEncoding} onStarted={onStarted} />}
      </Loaded>
    </>
  );
}

interface MappingProps {
  upload: string;
  look: Inspection;
  encoding: string;
  onEncoding: (encoding: string) => void;
  onStarted: (job: string) => void;
}

function Mapping({ upload, look, encoding, onEncoding, onStarted }: MappingProps) {
  const { t } = useTranslation();
  const first = look.saved[0];
  const [kindName, setKindName] = useState<FileKind>(first?.kind ?? look.kind);
  const kind = look.kinds.find((one) => one.name === kindName);
  const [columns, setColumns] = useState<Record<string, string>>(first?.columns ?? kind?.columns ?? {});
  const checking = useMutation({
    mutationFn: () => startImport({ upload_id: upload, kind: kindName, columns, encoding: encoding as "", dry_run: true }),
    onSuccess: (job) => onStarted(job.id),
  });
  const pick = (name: FileKind) => {
    setKindName(name);
    setColumns(look.kinds.find((one) => one.name === name)?.columns ?? {});
  };
  const adopt = (id: string) => {
    const saved = look.saved.find((one) => one.id === id);
    if (saved) setKindName(saved.kind);
    setColumns(saved?.columns ?? kind?.columns ?? {});
  };
  const lacking = (kind?.fields ?? []).filter((one) => one.required && !columns[one.name]).map((one) => one.title);
  return (
    <>
      <section className="card form" aria-label={t("imports.file")}>
        <h2>{look.name}</h2>
        <Field label={t("imports.kind")}>{(id) => <Choice id={id} value={kindName} onChange={pick} options={look.kinds.map((one) => ({ value: one.name, label: one.title }))} />}</Field>
        {look.encoding && (
          <Field label={t("imports.encoding")} help={t(look.certain ? "imports.certain" : "imports.uncertain")}>
            {(id, describedBy) => <Choice id={id} describedBy={describedBy} value={look.encoding} onChange={onEncoding} options={["utf-8", "gb18030"].map((value) => ({ value, label: t(`imports.encodings.${value}`) }))} />}
          </Field>
        )}
        {look.saved.length > 0 && (
          <Field label={t("imports.saved")}>
            {(id) => <Choice id={id} value={look.saved.find((one) => one.columns === columns)?.id ?? ""} onChange={adopt} options={[{ value: "", label: t("imports.proposed") }, ...look.saved.map((one) => ({ value: one.id, label: one.name }))]} />}
          </Field>
        )}
      </section>
      <Preview look={look} />
      <section className="card" aria-label={t("imports.columns")}>
        <h2>{t("imports.columns")}</h2>
        <table className="import-columns">
          <thead><tr><th>{t("imports.field")}</th><th>{t("imports.column")}</th><th>{t("imports.example")}</th></tr></thead>
          <tbody>
            {kind?.fields.map((field) => (
              <tr key={field.name}>
                <td>{field.title}{field.required && <span className="note"> · {t("imports.required")}</span>}</td>
                <td><Choice label={field.title} value={columns[field.name] ?? ""} onChange={(header) => setColumns({ ...columns, [field.name]: header })} options={[{ value: "", label: t("imports.unmapped") }, ...[...new Set(look.headers)].filter(Boolean).map((value) => ({ value, label: value }))]} /></td>
                <td className="note">{example(look, columns[field.name])}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <KeepMapping kind={kindName} columns={columns} />
      {checking.error && <Failure error={checking.error} />}
      <div className="row import-go">
        <Button type="primary" disabled={lacking.length > 0} loading={checking.isPending} onClick={() => checking.mutate()}>{t("imports.check")}</Button>
        <span className="note">{lacking.length > 0 ? t("imports.missing", { names: lacking.join(", ") }) : t("imports.checkFirst")}</span>
      </div>
    </>
  );
}

const example = (look: Inspection, header: string | undefined) => {
  const at = header ? look.headers.indexOf(header) : -1;
  return at < 0 ? "" : (look.rows.map((row) => row[at]).find(Boolean) ?? "");
};

function Preview({ look }: { look: Inspection }) {
  const { t } = useTranslation();
  return (
    <section className="card">
      <div className="card-head"><h2>{t("imports.preview")}</h2><span className="note">{t("imports.header", { row: look.header_row })}</span></div>
      <div className="import-preview" tabIndex={0} role="region" aria-label={t("imports.preview")}>
        <table>
          <thead><tr>{look.headers.map((header, at) => <th key={at}>{header}</th>)}</tr></thead>
          <tbody>{look.rows.slice(0, 6).map((row, line) => <tr key={line}>{look.headers.map((_, at) => <td key={at}>{row[at]}</td>)}</tr>)}</tbody>
        </table>
      </div>
    </section>
  );
}

function KeepMapping({ kind, columns }: { kind: FileKind; columns: Record<string, string> }) {
  const { t } = useTranslation();
  const [name, setName] = useState("");
  const saving = useMutation({ mutationFn: () => saveMapping(name.trim(), kind, Object.fromEntries(Object.entries(columns).filter(([, header]) => header))) });
  return (
    <section className="card form" aria-label={t("imports.keepAs")}>
      <Field label={t("imports.keepAs")} help={t("imports.keepHelp")}>
        {(id, describedBy) => (
          <span className="row">
            <Input id={id} aria-describedby={describedBy} maxLength={100} value={name} onChange={(event) => setName(event.target.value)} style={{ maxWidth: 280 }} />
            <Button disabled={name.trim() === ""} loading={saving.isPending} onClick={() => saving.mutate()}>{t("imports.keep")}</Button>
            {saving.isSuccess && <span role="status">{t("imports.kept")}</span>}
          </span>
        )}
      </Field>
      {saving.error && <Failure error={saving.error} />}
    </section>
  );
}
