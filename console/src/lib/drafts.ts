/** Unsaved forms survive a reload: kept in this browser under the form's name. */

import { useCallback, useState } from "react";

const PREFIX = "queqiao.draft.";

function read<T>(name: string): T | null {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name) ?? "null") as T | null;
  } catch {
    return null;
  }
}

/** A form's value that is kept until `forget` is called. `restored` tells that a draft was found. */
export function useDraft<T>(name: string, start: T) {
  const [found] = useState(() => read<T>(name));
  const [value, setValue] = useState<T>(found ?? start);
  const change = useCallback(
    (next: T) => {
      setValue(next);
      localStorage.setItem(PREFIX + name, JSON.stringify(next));
    },
    [name],
  );
  const forget = useCallback(() => localStorage.removeItem(PREFIX + name), [name]);
  return { value, change, forget, restored: found !== null };
}
