/** Watches one ad until it was seen, or until it is gone. */
import { isInSight, SHARES } from "../mrc";

/** Calls back once, when enough of the element was in sight of a visible page for so long at a stretch. */
export function whenSeen(element: Element, lengthMs: number, seen: () => void): () => void {
  if (!("IntersectionObserver" in window)) return () => undefined;
  let isNear = false;
  let timer: number | undefined;
  const look = () => {
    clearTimeout(timer);
    if (isNear && document.visibilityState === "visible")
      timer = window.setTimeout(() => {
        stop();
        seen();
      }, lengthMs);
  };
  const observer = new IntersectionObserver(
    (entries) => {
      const before = isNear;
      isNear = entries.some(isInSight);
      if (isNear !== before) look();
    },
    { threshold: SHARES },
  );
  const stop = () => {
    clearTimeout(timer);
    observer.disconnect();
    document.removeEventListener("visibilitychange", look);
  };
  observer.observe(element);
  document.addEventListener("visibilitychange", look);
  return stop;
}
