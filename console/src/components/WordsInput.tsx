import { Select } from "antd";
import type { Basics } from "./Choice";

/** A few words of a list, or free ones: SKUs, categories, segments. */
export function WordsInput(props: Basics & { value: string[]; onChange: (words: string[]) => void; options?: { value: string; label: string }[]; free?: boolean; placeholder?: string; onSearch?: (text: string) => void }) {
  return (
    <Select
      mode={props.free ? "tags" : "multiple"}
      id={props.id}
      aria-label={props.label}
      aria-describedby={props.describedBy}
      disabled={props.disabled}
      style={{ width: "100%" }}
      placeholder={props.placeholder}
      value={props.value}
      options={props.options ?? []}
      showSearch={{ optionFilterProp: "label", ...(props.onSearch ? { onSearch: props.onSearch } : {}) }}
      tokenSeparators={[",", " ", "，", "\n"]}
      onChange={props.onChange}
    />
  );
}
