import { useSyncExternalStore } from "react";

const NARROW = "(max-width: 600px)";

function follow(changed: () => void): () => void {
  const list = matchMedia(NARROW);
  list.addEventListener("change", changed);
  return () => list.removeEventListener("change", changed);
}

/** Whether the page is as narrow as a phone: the same border as in the style sheets. */
export const usePhone = (): boolean => useSyncExternalStore(follow, () => matchMedia(NARROW).matches);
