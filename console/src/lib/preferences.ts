/** What this browser remembers of a person's taste: language, theme, colours of rise and fall. */

import { useSyncExternalStore } from "react";
import type { Language } from "./numbers";
import type { Mode } from "./theme";

export interface Preferences {
  language: Language;
  mode: Mode;
  /** Which colour means up; `language` follows the habit of each language's markets. */
  rise: "language" | "red" | "green";
}

const KEY = "queqiao.preferences";
const listeners = new Set<() => void>();

function initial(): Preferences {
  const language: Language = navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
  const dark = globalThis.matchMedia?.("(prefers-color-scheme: dark)").matches ?? false;
  return { language, mode: dark ? "dark" : "light", rise: "language" };
}

function read(): Preferences {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return { ...initial(), ...(stored as Partial<Preferences>) };
  } catch {
    return initial();
  }
}

let current = read();

/** The preferences as they stand. */
export const preferences = (): Preferences => current;

/** Change some of them; every view that reads them follows. */
export function prefer(some: Partial<Preferences>): void {
  current = { ...current, ...some };
  localStorage.setItem(KEY, JSON.stringify(current));
  for (const listener of listeners) listener();
}

/** Call `listener` after each change; returns the way to stop. */
export function onPreference(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const usePreferences = (): Preferences => useSyncExternalStore(onPreference, preferences);

/** The colour that means up in these preferences. */
export function riseColour(taste: Preferences): "red" | "green" {
  if (taste.rise !== "language") return taste.rise;
  return taste.language === "zh" ? "red" : "green";
}
