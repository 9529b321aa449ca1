import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { type ApiError, asApiError } from "@/api/problem";

/** Grey lines that appear only when something takes longer than 300 ms. */
export function Waiting({ lines = 4 }: { lines?: number }) {
  const { t } = useTranslation();
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 300);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="waiting" role="status" aria-label={t("state.loading")} style={{ visibility: late ? "visible" : "hidden" }}>
      {Array.from({ length: lines }, (_, line) => (
        <i key={line} style={{ width: `${96 - ((line * 37) % 45)}%` }} />
      ))}
    </div>
  );
}

/** Nothing here yet: one sentence and the one action that fills it. */
export function Empty({ children, action }: { children: ReactNode; action?: ReactNode }) {
  return (
    <div className="empty">
      <p>{children}</p>
      {action}
    </div>
  );
}

/** What happened, its trace id, and another try. The rest of the page lives on. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useTranslation();
  const problem = asApiError(error);
  return (
    <div className="failure" role="alert">
      <p>
        <strong>{problemTitle(problem, t)}</strong>
        {problem.detail && <span> {problem.detail}</span>}
      </p>
      {problem.fields.map((field) => (
        <p key={field.path + field.detail}>
          <code>{field.path}</code> {field.detail}
        </p>
      ))}
      {problem.traceId && (
        <p className="note">
          {t("state.trace")} <code>{problem.traceId}</code>
        </p>
      )}
      {retry && (
        <button type="button" className="act" onClick={retry}>
          {t("state.retry")}
        </button>
      )}
    </div>
  );
}

/** The server's own title, or ours where it could not speak. */
export function problemTitle(problem: ApiError, t: (key: string, vars?: Record<string, unknown>) => string): string {
  if (problem.code === "unreachable") return t("state.unreachable");
  return problem.title || t("state.failed", { status: problem.status || problem.code });
}

interface LoadedProps<T> {
  query: { data: T | undefined; error: unknown; refetch: () => unknown };
  lines?: number;
  children: (data: T) => ReactNode;
}

/** A query's answer once it is here; old data stays while a refresh fails, with the failure above it. */
export function Loaded<T>({ query, lines, children }: LoadedProps<T>) {
  const retry = () => void query.refetch();
  if (query.data === undefined) {
    return query.error ? <Failure error={query.error} retry={retry} /> : <Waiting lines={lines} />;
  }
  return (
    <>
      {query.error && <Failure error={query.error} retry={retry} />}
      {children(query.data)}
    </>
  );
}
