/** A video that plays without sound while it is in sight, and tells how far it came. */
import { tellStep } from "./tell";
import type { Ad, Step } from "./types";

const QUARTILES: [number, Step][] = [
  [0.25, "firstQuartile"],
  [0.5, "midpoint"],
  [0.75, "thirdQuartile"],
];

/** Who asked for less motion starts it by hand. */
const mayStart = (): boolean => !matchMedia("(prefers-reduced-motion: reduce)").matches;

export function playing(origin: string, ad: Ad, url: string): HTMLVideoElement {
  const made = document.createElement("video");
  Object.assign(made, { muted: true, playsInline: true, controls: true, preload: "metadata", src: url, title: ad.title });
  made.setAttribute("aria-label", ad.title);
  const told = new Set<Step>();
  const once = (step: Step, code?: string) => {
    if (told.has(step)) return;
    told.add(step);
    tellStep(origin, ad, step, code);
  };
  made.onplaying = () => once("start");
  made.ontimeupdate = () => {
    for (const [share, step] of QUARTILES) if (made.currentTime >= share * made.duration) once(step);
  };
  made.onended = () => {
    QUARTILES.forEach(([, step]) => once(step));
    once("complete");
  };
  made.onerror = () => once("error", String(made.error?.code ?? 0));
  if (mayStart() && "IntersectionObserver" in window) startInSight(made);
  return made;
}

function startInSight(video: HTMLVideoElement): void {
  const observer = new IntersectionObserver(
    ([entry]) => {
      if (!video.isConnected) observer.disconnect();
      // A browser may refuse: then the controls are there.
      else if (entry?.isIntersecting) void video.play().catch(() => undefined);
      else video.pause();
    },
    { threshold: 0.5 },
  );
  observer.observe(video);
}
