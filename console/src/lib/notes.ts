/** Short notes of what was just done or failed, over any page. */

import { held } from "./held";

export interface Note {
  /** A later note under the same key takes its place. */
  key: string;
  kind: "done" | "failed";
  title: string;
  detail?: string | undefined;
  /** What can still be done about it, an undo for instance. */
  act?: { label: string; run: () => void };
  lastsMs: number;
}

const LASTS_MS = { done: 3_000, failed: 8_000 };

const notes = held<readonly Note[]>([]);
let made = 0;

/** Show a note until its time is over or somebody closes it. */
export function tell(note: Pick<Note, "kind" | "title"> & Partial<Note>): void {
  made += 1;
  const whole: Note = { key: String(made), lastsMs: LASTS_MS[note.kind], ...note };
  notes.set([...notes.get().filter((one) => one.key !== whole.key), whole]);
}

/** Take a note away; harmless when it is gone already. */
export const dismiss = (key: string): void => notes.set(notes.get().filter((one) => one.key !== key));

/** The notes that are shown, oldest first. */
export const useNotes = notes.use;
