export interface Basics {
  id?: string;
  label?: string;
  describedBy?: string | undefined;
  disabled?: boolean;
}

/** The browser's own choice list: quick, keyboard and touch as people know them. */
export function Choice<T extends string>(props: Basics & { value: T; options: { value: T; label: string }[]; onChange: (value: T) => void; className?: string }) {
  return (
    <select
      id={props.id}
      className={`choice ${props.className ?? ""}`}
      aria-label={props.label}
      aria-describedby={props.describedBy}
      disabled={props.disabled}
      value={props.value}
      onChange={(event) => props.onChange(event.target.value as T)}
    >
      {props.options.map((option) => (
        <option key={option.value} value={option.value}>
          {option.label}
        </option>
      ))}
    </select>
  );
}
