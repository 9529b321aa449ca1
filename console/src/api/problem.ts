/** RFC 9457 problem documents as errors. */

export interface ProblemField {
  path: string;
  detail: string;
}

interface Problem {
  status: number;
  code: string;
  title?: string;
  detail?: string;
  errors?: ProblemField[];
  reason?: string;
  trace_id?: string;
}

export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly fields: ProblemField[];
  readonly reason: string;
  readonly traceId: string;

  constructor(problem: Problem) {
    super(problem.title ?? problem.code);
    this.status = problem.status;
    this.code = problem.code;
    this.title = problem.title ?? "";
    this.detail = problem.detail ?? "";
    this.fields = problem.errors ?? [];
    this.reason = problem.reason ?? "";
    this.traceId = problem.trace_id ?? "";
  }

  static from(response: Response, body: unknown): ApiError {
    const problem = (typeof body === "object" && body !== null ? body : {}) as Partial<Problem>;
    return new ApiError({
      ...problem,
      status: response.status,
      code: problem.code ?? `http_${response.status}`,
      trace_id: problem.trace_id ?? response.headers.get("x-trace-id") ?? undefined,
    });
  }

  /** The sentence for a field, by the server's JSON path with or without the `document.` prefix. */
  field(path: string): string | undefined {
    return this.fields.find((field) => field.path.replace(/^document\./, "") === path)?.detail;
  }

  /** Whether asking again may help. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** Whatever was thrown, as an ApiError. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError({ status: 0, code: "console", title: error instanceof Error ? error.message : String(error) });
}
