/** The script's start: it takes over the calls that the page made while it was on its way. */
import { createClient, type Queqiao } from "./client";
import type { Purpose } from "./types";

type Waiting = [keyof Queqiao, ...unknown[]][];
const place = window as { queqiao?: Queqiao | Waiting };
const script = document.currentScript as HTMLScriptElement | null;
const before = place.queqiao;

// A second copy of the script leaves the first one alone.
if (!before || Array.isArray(before)) {
  const queqiao = createClient(script?.src ? new URL(script.src).origin : location.origin);
  place.queqiao = queqiao;
  const { qqKey, qqConsent } = script?.dataset ?? {};
  if (qqKey) {
    const consent = qqConsent === "required" ? qqConsent : (qqConsent?.split(",") as Purpose[] | undefined);
    queqiao.load(qqKey, { consent });
  }
  for (const [name, ...given] of before ?? []) (queqiao[name] as (...given: unknown[]) => unknown)(...given);
}
