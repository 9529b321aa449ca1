import { useTranslation } from "react-i18next";
import { type ImportJob, useImports } from "@/api/imports";
import { DataPage } from "@/components/DataPage";
import { Go } from "@/components/Go";
import { Empty, Loaded } from "@/components/states";
import { type Column, Table } from "@/components/Table";
import { count } from "@/lib/numbers";
import { instantText, parseInstant } from "@/lib/time";
import { useParameter } from "@/lib/url";
import { ChooseFile } from "./ChooseFile";
import { MapColumns } from "./MapColumns";
import { Outcome } from "./Outcome";
import "./imports.css";

/** Files of the shop's offline side, in three steps; each is in the address, so a reload loses nothing. */
export function ImportPage() {
  const { t } = useTranslation();
  const [upload, setUpload] = useParameter("upload", "");
  const [job, setJob] = useParameter("job", "");
  const step = job ? "result" : upload ? "columns" : "file";
  return (
    <DataPage tab="imports">
      <ol className="import-steps" aria-label={t("dataTabs.imports")}>
        {["file", "columns", "result"].map((one) => (
          <li key={one} aria-current={one === step ? "step" : undefined}>
            {t(`imports.steps.${one}`)}
          </li>
        ))}
      </ol>
      {step === "file" && (
        <>
          <ChooseFile onDone={setUpload} />
          <Recent />
        </>
      )}
      {step === "columns" && <MapColumns key={upload} upload={upload} onBack={() => setUpload("")} onStarted={setJob} />}
      {step === "result" && <Outcome id={job} onStarted={setJob} />}
    </DataPage>
  );
}

function Recent() {
  const { t } = useTranslation();
  const jobs = useImports();
  const columns: Column<ImportJob>[] = [
    { id: "file", title: t("imports.file"), value: (one) => one.file, cell: (one) => <Go to="/data/imports" extra={{ job: one.id }}>{one.file}</Go> },
    { id: "kind", title: t("imports.kind"), value: (one) => one.plan.kind, cell: (one) => t(`imports.kinds.${one.plan.kind}`) },
    { id: "what", title: t("imports.what"), value: (one) => String(one.plan.dry_run), cell: (one) => t(one.plan.dry_run ? "imports.dry" : "imports.real") },
    { id: "status", title: t("badRows.code"), value: (one) => one.status, cell: (one) => t(`imports.status.${one.status}`) },
    { id: "rows", title: t("imports.row"), numeric: true, value: (one) => one.rows_total, cell: (one) => count(one.rows_total) },
    { id: "stored", title: t("imports.rows.taken"), numeric: true, value: (one) => one.rows.taken, cell: (one) => count(one.rows.taken) },
    { id: "bad", title: t("imports.rows.bad"), numeric: true, value: (one) => one.rows.bad, cell: (one) => count(one.rows.bad) },
    { id: "when", title: t("imports.when"), value: (one) => one.created_at, cell: (one) => instantText(parseInstant(one.created_at) ?? 0) },
  ];
  return (
    <Loaded query={jobs}>
      {(page) => <Table name="imports" caption={t("imports.recent")} columns={columns} rows={page.items} rowKey={(one) => one.id} empty={<Empty>{t("imports.none")}</Empty>} tools={<h2>{t("imports.recent")}</h2>} />}
    </Loaded>
  );
}
