import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { previewSegment } from "@/api/segment-preview";
import type { Expression } from "@/api/types";
import { Go } from "@/components/Go";
import { useSettled } from "@/lib/useSettled";
import { Failure, Waiting } from "@/components/states";
import { Watermark } from "@/components/Watermark";
import { compact, count, percent } from "@/lib/numbers";
import { usePreferences } from "@/lib/preferences";
import { toGroup, whole } from "./fields";
import "./audience.css";

/** How many people the conditions hold, moving as they are typed, with a few of them. */
export function Reach({ expression }: { expression: Expression }) {
  const { t } = useTranslation();
  const { language } = usePreferences();
  const asked = useSettled(expression);
  const ready = toGroup(asked)?.conditions.every(whole) ?? true;
  const preview = useQuery({
    queryKey: ["preview", asked],
    queryFn: ({ signal }) => previewSegment(asked, signal),
    enabled: ready,
    placeholderData: keepPreviousData,
    refetchInterval: 15_000,
    retry: false,
  });
  const data = preview.data;
  return (
    <aside className="card beside" aria-label={t("audience.reach")} aria-live="polite">
      <h2>{t("audience.reach")}</h2>
      {!ready && <p className="note">{t("audience.fillIn")}</p>}
      {preview.error && <Failure error={preview.error} retry={() => void preview.refetch()} />}
      {!data && !preview.error && ready && <Waiting lines={3} />}
      {data && (
        <>
          <p className="big" title={count(data.count)} data-testid="segment-count">
            {compact(data.count, language)}
          </p>
          <p className="note">{t("audience.of", { total: count(data.total), share: percent(data.total ? data.count / data.total : null) })}</p>
          <p>
            <Watermark at={data.watermark} />
          </p>
          <h3>{t("audience.sample")}</h3>
          <ul className="sample">
            {data.sample.slice(0, 8).map((one) => (
              <li key={String(one.person_id)}>
                <Go to={`/audience/people/${encodeURIComponent(String(one.person_id))}`} className="id-link">{String(one.person_id)}</Go>
              </li>
            ))}
          </ul>
        </>
      )}
    </aside>
  );
}
