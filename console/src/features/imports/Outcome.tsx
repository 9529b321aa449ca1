import { useMutation } from "@tanstack/react-query";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { cancelImport, type ImportJob, isOver, startImport, useImport } from "@/api/imports";
import { Go } from "@/components/Go";
import { Json } from "@/components/Json";
import { Share } from "@/components/Share";
import { Failure, Loaded } from "@/components/states";
import { type Column, Table } from "@/components/Table";
import { count, money } from "@/lib/numbers";

/** A check or an import: its progress, then its account, row by row. */
export function Outcome({ id, onStarted }: { id: string; onStarted: (job: string) => void }) {
  const { t } = useTranslation();
  const job = useImport(id);
  return (
    <>
      <div className="row"><Go to="/data/imports">{t("imports.another")}</Go></div>
      <Loaded query={job}>
        {(one) => (
          <>
            <section className="card stack" aria-label={t(one.plan.dry_run ? "imports.checked" : "imports.imported")}>
              <div className="card-head">
                <h2>{t(one.plan.dry_run ? "imports.checked" : "imports.imported")} · {one.file}</h2>
                <span role="status">{t(`imports.status.${one.status}`)}</span>
              </div>
              {isOver(one) ? <Told job={one} onStarted={onStarted} /> : <Going job={one} />}
            </section>
            {isOver(one) && one.status !== "failed" && <Details job={one} />}
          </>
        )}
      </Loaded>
    </>
  );
}

function Going({ job }: { job: ImportJob }) {
  const { t } = useTranslation();
  const stopping = useMutation({ mutationFn: () => cancelImport(job.id) });
  return (
    <>
      <Share words={t("imports.progress", { read: count(job.rows_read), total: count(job.rows_total) })} share={job.rows_total ? job.rows_read / job.rows_total : 0} />
      <div className="row"><Button loading={stopping.isPending} onClick={() => stopping.mutate()}>{t("imports.cancel")}</Button></div>
      {stopping.error && <Failure error={stopping.error} />}
    </>
  );
}

/** What will happen, or has, in plain words; and the one thing to do next. */
function Told({ job, onStarted }: { job: ImportJob; onStarted: (job: string) => void }) {
  const { t } = useTranslation();
  const starting = useMutation({ mutationFn: () => startImport({ ...job.plan, dry_run: false }), onSuccess: (made) => onStarted(made.id) });
  const { events, rows } = job;
  const out = rows.bad + rows.held;
  if (job.status === "failed") return <p className="failure" role="alert">{job.failure}</p>;
  return (
    <>
      <p>{job.plan.dry_run ? t("imports.willDo", { events: count(events.would), rows: count(rows.taken) }) : t("imports.did", { stored: count(events.stored), known: count(events.known) })}</p>
      {out > 0 ? <p className="notice warn">{t("imports.willNot", { rows: count(out), bad: count(rows.bad), held: count(rows.held) })}</p> : <p>{t("imports.allGood")}</p>}
      {events.conflict + events.refused > 0 && <p className="notice warn">{t("imports.didNot", { conflict: count(events.conflict), refused: count(events.refused) })}</p>}
      {Object.entries(job.amounts_minor).map(([currency, minor]) => <p key={currency}>{t("imports.amount")}: <strong>{money(minor, currency)}</strong></p>)}
      {starting.error && <Failure error={starting.error} />}
      <div className="row">
        {job.plan.dry_run && <Button type="primary" disabled={events.would === 0} loading={starting.isPending} onClick={() => starting.mutate()}>{t("imports.start")}</Button>}
        {!job.plan.dry_run && <Go to="/data/events" extra={{ source: job.plan.source ?? "" }}>{t("imports.seeEvents")}</Go>}
        {!job.plan.dry_run && out > 0 && <Go to="/data/bad-rows" extra={{ source: job.plan.source ?? "" }}>{t("imports.seeBad")}</Go>}
      </div>
    </>
  );
}

function Details({ job }: { job: ImportJob }) {
  const { t } = useTranslation();
  const columns: Column<ImportJob["problems"][number]>[] = [
    { id: "row", title: t("imports.row"), numeric: true, value: (one) => one.row, cell: (one) => count(one.row) },
    { id: "column", title: t("imports.column"), value: (one) => one.column, cell: (one) => one.column },
    { id: "reason", title: t("imports.reason"), value: (one) => one.reason, cell: (one) => one.reason },
  ];
  const account = Object.entries(job.rows).filter(([, rows]) => rows > 0);
  return (
    <>
      <section className="card" aria-label={t("imports.account")}>
        <h2>{t("imports.account")}</h2>
        <dl className="import-account">
          {account.map(([name, rows]) => <div key={name}><dt>{t(`imports.rows.${name}`)}</dt><dd>{count(rows)}</dd></div>)}
          <div><dt>{t("imports.sum")}</dt><dd>{count(job.rows_read)}</dd></div>
        </dl>
      </section>
      {job.problems.length > 0 && (
        <Table name="import-problems" caption={t("imports.problems")} columns={columns} rows={job.problems} rowKey={(one) => `${one.row}/${one.field}/${one.reason}`} tools={<><h2>{t("imports.problems")}</h2>{job.problems_total > job.problems.length && <span className="note">{t("imports.problemsMore", { total: count(job.problems_total), shown: count(job.problems.length) })}</span>}</>} />
      )}
      {job.samples.length > 0 && (
        <section className="card stack" aria-label={t("imports.samples")}>
          <h2>{t(job.plan.dry_run ? "imports.samples" : "imports.samplesDone")}</h2>
          {job.samples.map((event, at) => <details key={at} open={at === 0}><summary>{String((event as { messageId?: string }).messageId)}</summary><Json value={event} /></details>)}
        </section>
      )}
    </>
  );
}
