import type { ReactNode } from "react";

/** Fields that most rules do not need: folded away, open where one of them says something. */
export function Folded({ label, open, children }: { label: string; open: boolean; children: ReactNode }) {
  return (
    <details className="folded" open={open || undefined}>
      <summary>{label}</summary>
      <div className="form">{children}</div>
    </details>
  );
}
