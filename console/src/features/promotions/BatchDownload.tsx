import { Button, Progress } from "antd";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { downloadCodes, type FileForm } from "@/api/batch-download";
import { Choice } from "@/components/Choice";
import { CountInput } from "@/components/inputs";
import { Failure } from "@/components/states";
import { save } from "@/lib/csv";
import { tell } from "@/lib/notes";
import { bytes as bytesText, count } from "@/lib/numbers";

type Run = { state: "idle" } | { state: "running" | "done" | "cancelled"; bytes: number; total: number | null } | { state: "failed"; error: unknown };

/** The codes as a printable file: all or a part, with progress while it comes, and a way to stop. */
export function BatchDownload({ id, codes }: { id: string; codes: number }) {
  const { t } = useTranslation();
  const [form, setForm] = useState<FileForm>("csv");
  const [from, setFrom] = useState(0);
  const [wanted, setWanted] = useState<number | null>(null);
  const { run, start, cancel } = useDownload(id);
  const part = Math.max(0, Math.min(wanted ?? codes, codes - from));
  const running = run.state === "running";
  return (
    <section className="card stack">
      <h2>{t("coupons.download.title")}</h2>
      <div className="row">
        <Choice label={t("coupons.download.form")} value={form} onChange={setForm} disabled={running} options={(["csv", "txt"] as const).map((value) => ({ value, label: t(`coupons.download.forms.${value}`) }))} />
        <label className="row">
          {t("coupons.download.from")} <CountInput label={t("coupons.download.from")} width={110} disabled={running} value={from + 1} onChange={(first) => setFrom(Math.max(0, (first ?? 1) - 1))} />
        </label>
        <label className="row">
          {t("coupons.download.count")} <CountInput label={t("coupons.download.count")} width={120} disabled={running} value={wanted ?? codes} onChange={setWanted} />
        </label>
        <Button type="primary" disabled={part === 0} loading={running} onClick={() => void start(form, { from, count: part })}>
          {t("coupons.download.start", { count: count(part) })}
        </Button>
        {running && <Button onClick={cancel}>{t("act.cancel")}</Button>}
      </div>
      <Came run={run} />
      <p className="note">
        {t("coupons.download.note")}{" "}
        {(["csv.gz", "zip"] as const).map((packed) => (
          <a key={packed} href={`/api/v1/coupon-batches/${id}/codes.${packed}`} download={`${id}.${packed}`}>
            {t("coupons.download.packed", { form: packed })}{" "}
          </a>
        ))}
      </p>
    </section>
  );
}

function Came({ run }: { run: Run }) {
  const { t } = useTranslation();
  if (run.state === "idle") return null;
  if (run.state === "failed") return <Failure error={run.error} />;
  const share = run.total ? Math.floor((run.bytes / run.total) * 100) : run.state === "done" ? 100 : 0;
  const words = run.total ? t("coupons.download.came", { bytes: bytesText(run.bytes), total: bytesText(run.total) }) : bytesText(run.bytes);
  return (
    <div role="status">
      <Progress percent={share} size="small" status={run.state === "cancelled" ? "exception" : run.state === "done" ? "success" : "active"} aria-label={t("coupons.download.progress")} />
      <p className="note">{t(`coupons.download.states.${run.state}`, { words })}</p>
    </div>
  );
}

/** Fetch a file piece by piece; only a whole one is saved. */
function useDownload(id: string) {
  const { t } = useTranslation();
  const [run, setRun] = useState<Run>({ state: "idle" });
  const abort = useRef<AbortController | null>(null);
  const start = async (form: FileForm, part: { from: number; count: number }) => {
    const control = new AbortController();
    abort.current = control;
    let seen = { bytes: 0, total: null as number | null };
    setRun({ state: "running", ...seen });
    try {
      const file = await downloadCodes(id, form, part, (bytes, total) => setRun({ state: "running", ...(seen = { bytes, total }) }), control.signal);
      save(`${id}.${form}`, file.type, file);
      setRun({ state: "done", ...seen });
      tell({ kind: "done", title: t("coupons.download.saved") });
    } catch (error) {
      setRun(control.signal.aborted ? { state: "cancelled", ...seen } : { state: "failed", error });
    }
  };
  return { run, start, cancel: () => abort.current?.abort() };
}
