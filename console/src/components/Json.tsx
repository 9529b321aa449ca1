interface Props {
  value: unknown;
  name?: string;
  open?: boolean;
}

/** JSON that unfolds level by level, by mouse or keyboard. */
export function Json({ value, name, open = false }: Props) {
  const key = name === undefined ? null : <span className="json-key">{name}: </span>;
  if (typeof value !== "object" || value === null) {
    return (
      <div className="json-leaf">
        {key}
        <span className={`json-${value === null ? "null" : typeof value}`}>{JSON.stringify(value)}</span>
      </div>
    );
  }
  const entries = Array.isArray(value) ? value.map((one, at): [string, unknown] => [String(at), one]) : Object.entries(value);
  const summary = Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`;
  return (
    <details className="json" open={open}>
      <summary>
        {key}
        {summary}
      </summary>
      {entries.map(([field, one]) => (
        <Json key={field} name={field} value={one} open={open && entries.length <= 12} />
      ))}
    </details>
  );
}
