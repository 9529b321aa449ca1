/** Keys that work on a page. The help sheet lists exactly these. */

import { useEffect } from "react";

export interface Shortcut {
  /** As written on the keyboard: `g o` is g, then o; `mod+k` is ⌘K or Ctrl+K. */
  keys: string;
  /** Catalogue key of what it does. */
  label: string;
  run: () => void;
}

const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** Listen while mounted; sequences may pause for a second between keys. */
export function useShortcuts(shortcuts: Shortcut[]): void {
  useEffect(() => {
    let before = "";
    let beforeAt = 0;
    const onKey = (event: KeyboardEvent) => {
      const mod = event.metaKey || event.ctrlKey;
      if (event.altKey || event.isComposing || (typing(event.target) && !mod)) return;
      const key = `${mod ? "mod+" : ""}${event.key.toLowerCase()}`;
      const sequence = event.timeStamp - beforeAt < 1000 ? `${before} ${key}` : key;
      const found = shortcuts.find((one) => one.keys === sequence) ?? shortcuts.find((one) => one.keys === key);
      before = key;
      beforeAt = event.timeStamp;
      if (!found) return;
      event.preventDefault();
      found.run();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [shortcuts]);
}
