import { Fragment, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

interface Props {
  /** Catalogue key of a sentence with `[slots]`. */
  of: string;
  slots: Record<string, ReactNode>;
}

/** A sentence that is itself the form: each `[slot]` of the text is an input. */
export function Sentence({ of, slots }: Props) {
  const { t } = useTranslation();
  const parts = t(of).split(/\[(\w+)\]/);
  return (
    <span className="sentence">
      {parts.map((part, at) => (
        <Fragment key={`${at}-${part}`}>{at % 2 ? slots[part] : part && <span>{part}</span>}</Fragment>
      ))}
    </span>
  );
}
