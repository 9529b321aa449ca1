import { type ReactNode, useId } from "react";

interface Props {
  label: string;
  /** What the field means, and an example. */
  help?: ReactNode;
  /** The server's sentence for this field. */
  error?: string | undefined;
  children: (id: string, describedBy: string | undefined) => ReactNode;
}

/** One field of a form: label, input, help, and the server's error beside it. */
export function Field({ label, help, error, children }: Props) {
  const id = useId();
  const noteId = `${id}-note`;
  return (
    <div className={error ? "field wrong" : "field"}>
      <label htmlFor={id}>{label}</label>
      <div className="field-input">
        {children(id, help || error ? noteId : undefined)}
        {(error || help) && (
          <div id={noteId} className="field-note" role={error ? "alert" : undefined}>
            {error ?? help}
          </div>
        )}
      </div>
    </div>
  );
}
