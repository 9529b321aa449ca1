/** Tells the server what became of an ad. Whether it arrives changes nothing on the page. */
import type { Ad, Step } from "./types";

const ignore = (): undefined => undefined;

/** A page that goes away may still tell; no cookie travels. */
export const tell = (origin: string, path: string): void => {
  void fetch(origin + path, { mode: "no-cors", credentials: "omit", keepalive: true }).catch(ignore);
};

export const tellStep = (origin: string, { tracking }: Ad, step: Step, code?: string): void =>
  tell(origin, tracking.step.replace("{step}", step) + (code ? `?code=${code}` : ""));
