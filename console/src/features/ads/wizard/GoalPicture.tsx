import type { Goal } from "./goals";

/** A drawing of what is counted: orders, clicks, eyes, a bid by hand. */
const LINES: Record<Goal, string> = {
  goods: "M8 12h6l5 18h22l4-14H17M22 36a2 2 0 1 0 .1 0M38 36a2 2 0 1 0 .1 0M58 30V18M66 30V12M74 30V6",
  visits: "M14 8l14 26 4-10 10-4zM52 22h22M66 14l8 8-8 8",
  known: "M8 22c12-16 32-16 44 0-12 16-32 16-44 0zM30 16a6 6 0 1 0 .1 0M60 14h14M60 22h14M60 30h14",
  manual: "M10 32h28M16 32V14M24 32V8M32 32V20M52 14h24M58 10v8M52 28h24M70 24v8",
};

export function GoalPicture({ goal }: { goal: Goal }) {
  return (
    <svg className="goal-picture" viewBox="0 0 84 44" aria-hidden="true" fill="none" stroke="currentColor" strokeWidth="2" strokeLinejoin="round" strokeLinecap="round">
      <path d={LINES[goal]} />
    </svg>
  );
}
