import type { ReactNode } from "react";
import { held } from "@/lib/held";

export interface Question {
  title: string;
  /** What it costs or touches. */
  touches: ReactNode;
  /** How to undo it. */
  undo: string;
  verb: string;
  danger?: boolean;
  run: () => Promise<unknown>;
}

/** The one question that waits for a yes. */
export const asked = held<Question | null>(null);

/** Ask before something dangerous: what it touches and how to undo it, before the button. */
export const useConfirm = () => asked.set;
