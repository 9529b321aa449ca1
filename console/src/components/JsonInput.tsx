import { Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Basics } from "./Choice";
import "./components.css";

interface Props extends Basics {
  value: unknown;
  onChange: (value: unknown) => void;
  rows: number;
}

/** A JSON object typed as text. What is not one yet is told at once and changes nothing. */
export function JsonInput({ value, onChange, rows, ...basics }: Props) {
  const { t } = useTranslation();
  const [text, setText] = useState(() => JSON.stringify(value, null, 2));
  const [fault, setFault] = useState("");
  const type = (next: string) => {
    setText(next);
    const read = readObject(next);
    setFault(read.fault);
    if (read.value !== undefined) onChange(read.value);
  };
  return (
    <>
      <Input.TextArea className="code" id={basics.id} aria-label={basics.label} aria-describedby={basics.describedBy} aria-invalid={fault !== "" || undefined} status={fault ? "error" : ""} disabled={basics.disabled} rows={rows} spellCheck={false} value={text} onChange={(event) => type(event.target.value)} onBlur={() => fault === "" && setText(JSON.stringify(value, null, 2))} />
      {fault && (
        <p className="field-note fault" role="alert">
          {t("form.notJson")} <code>{fault}</code>
        </p>
      )}
    </>
  );
}

function readObject(text: string): { value?: object; fault: string } {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { value, fault: "" } : { fault: "{ … }" };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}
