import { useEffect, useState } from "react";
import { useParameter } from "./url";
import { useSettled } from "./useSettled";

/** Text that is typed into a parameter of the address: shown at once, written there when it settles. */
export function useTyped(name: string): { text: string; type: (text: string) => void } {
  const [kept, keep] = useParameter(name, "");
  const [text, type] = useState(kept);
  const settled = useSettled(text);
  const [held, setHeld] = useState(kept);
  if (held !== kept) {
    setHeld(kept);
    // Not our own writing: someone followed a link.
    if (kept !== settled) type(kept);
  }
  useEffect(() => {
    if (settled === text && settled !== kept) keep(settled);
  }, [settled, text, kept, keep]);
  return { text, type };
}
