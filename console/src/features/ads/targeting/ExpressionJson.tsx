import { useTranslation } from "react-i18next";

/** The conditions as the server keeps them, beside the form that writes them. */
export function ExpressionJson({ value }: { value: Record<string, unknown> | null | undefined }) {
  const { t } = useTranslation();
  if (!value) return null;
  return (
    <aside className="card" aria-label={t("targeting.json")}>
      <details open>
        <summary>{t("targeting.json")}</summary>
        <pre className="raw" tabIndex={0}>
          {JSON.stringify(value, null, 1)}
        </pre>
      </details>
    </aside>
  );
}
