import { Input } from "antd";
import { useState } from "react";
import { currencySign, minorToInput, parseMinor } from "@/lib/numbers";
import type { Basics } from "./Choice";
import { fromInput, toInput } from "@/lib/time";

/** An amount typed in major units, held in minor units; empty is null. */
export function MoneyInput(props: Basics & { value: number | null; currency: string; onChange: (minor: number | null) => void; width?: number }) {
  const { value, currency, onChange, width = 110 } = props;
  const [text, setText] = useState(minorToInput(value, currency));
  const [held, setHeld] = useState(value);
  if (held !== value) {
    setHeld(value);
    if (parseMinor(text, currency) !== value) setText(minorToInput(value, currency));
  }
  const wrong = text.trim() !== "" && parseMinor(text, currency) === null;
  return (
    <Input
      id={props.id}
      aria-label={props.label}
      aria-describedby={props.describedBy}
      aria-invalid={wrong || undefined}
      status={wrong ? "error" : ""}
      disabled={props.disabled}
      prefix={currencySign(currency)}
      style={{ width }}
      inputMode="decimal"
      value={text}
      onChange={(event) => {
        setText(event.target.value);
        const minor = event.target.value.trim() === "" ? null : parseMinor(event.target.value, currency);
        setHeld(minor);
        onChange(minor);
      }}
    />
  );
}

/** A whole number; empty is null. */
export function CountInput(props: Basics & { value: number | null; onChange: (value: number | null) => void; width?: number; min?: number; suffix?: string }) {
  return (
    <Input
      id={props.id}
      aria-label={props.label}
      aria-describedby={props.describedBy}
      disabled={props.disabled}
      style={{ width: props.width ?? 90 }}
      inputMode="numeric"
      suffix={props.suffix}
      value={props.value === null ? "" : String(props.value)}
      onChange={(event) => {
        const text = event.target.value.trim();
        if (/^-?\d{0,12}$/.test(text)) props.onChange(text === "" || text === "-" ? null : Number(text));
      }}
    />
  );
}

/** An instant in the shop's time zone. */
export function InstantInput(props: Basics & { value: string | null; onChange: (instant: string | null) => void }) {
  return (
    <Input
      type="datetime-local"
      id={props.id}
      aria-label={props.label}
      aria-describedby={props.describedBy}
      disabled={props.disabled}
      style={{ width: 210 }}
      value={toInput(props.value)}
      onChange={(event) => props.onChange(fromInput(event.target.value))}
    />
  );
}

/** A number with decimals, such as a degree; empty is null. What is no number yet changes nothing. */
export function DecimalInput(props: Basics & { value: number | null; onChange: (value: number | null) => void; width?: number; suffix?: string }) {
  const [text, setText] = useState(props.value === null ? "" : String(props.value));
  const wrong = text.trim() !== "" && !Number.isFinite(Number(text));
  return (
    <Input
      id={props.id}
      aria-label={props.label}
      aria-describedby={props.describedBy}
      aria-invalid={wrong || undefined}
      status={wrong ? "error" : ""}
      disabled={props.disabled}
      style={{ width: props.width ?? 120 }}
      inputMode="decimal"
      suffix={props.suffix}
      value={text}
      onChange={(event) => {
        setText(event.target.value);
        const number = Number(event.target.value);
        if (event.target.value.trim() === "") props.onChange(null);
        else if (Number.isFinite(number)) props.onChange(number);
      }}
    />
  );
}
