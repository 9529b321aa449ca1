import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";

/** Chosen rows of a table and the bar that acts on all of them. */
export function useBulk() {
  const [chosen, onChange] = useState<ReadonlySet<string>>(new Set());
  return { chosen, onChange, clear: () => onChange(new Set()) };
}

export function BulkBar({ count, onClear, children }: { count: number; onClear: () => void; children: React.ReactNode }) {
  const { t } = useTranslation();
  if (count === 0) return null;
  return (
    <div className="bulk" role="region" aria-label={t("table.bulk")}>
      <strong>{t("table.chosen", { count })}</strong>
      {children}
      <Button size="small" type="text" onClick={onClear}>
        {t("act.clear")}
      </Button>
    </div>
  );
}
