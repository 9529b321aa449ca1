import { useQueries } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { getAvailability } from "@/api/placement-availability";
import { useNames } from "@/api/documents/all";
import type { DealDocument } from "@/api/types";
import { Failure, Waiting } from "@/components/states";
import { count } from "@/lib/numbers";
import { useSettled } from "@/lib/useSettled";

interface Row {
  place: string;
  expected: number;
  booked: number;
  free: number;
}

/** What the chosen placements have free on the chosen days. */
export function Free({ deal }: { deal: DealDocument }) {
  const { t } = useTranslation();
  const names = useNames("placements");
  const asked = useSettled({ places: deal.placements ?? [], from: deal.from_day ?? "", to: deal.to_day ?? "" });
  const isReady = asked.places.length > 0 && asked.from !== "" && asked.to >= asked.from;
  const answers = useQueries({
    queries: (isReady ? asked.places : []).map((place) => ({ queryKey: ["availability", place, asked.from, asked.to], queryFn: ({ signal }: { signal: AbortSignal }) => getAvailability(place, asked.from, asked.to, signal), retry: false, staleTime: 60_000 })),
  });
  const wrong = answers.find(({ error }) => error)?.error;
  const rows: Row[] = answers.flatMap(({ data }) => (data ? [{ place: data.placement, expected: data.expected, booked: data.booked, free: data.free }] : []));
  const free = rows.reduce((sum, row) => sum + row.free, 0);
  return (
    <aside className="card stack" aria-label={t("deals.free.title")}>
      <h2>{t("deals.free.title")}</h2>
      {!isReady && <p className="note">{t("deals.free.ask")}</p>}
      {wrong && <Failure error={wrong} />}
      {isReady && !wrong && rows.length < answers.length && <Waiting lines={2} />}
      {rows.length > 0 && (
        <>
          <p className="big">{count(free)}</p>
          <p className="note">{t("deals.free.help")}</p>
          <dl className="facts">
            {rows.map((row) => (
              <div key={row.place}>
                <dt>{names.get(row.place) ?? row.place}</dt>
                <dd>{t("deals.free.of", { expected: count(row.expected), booked: count(row.booked), free: count(row.free) })}</dd>
              </div>
            ))}
          </dl>
        </>
      )}
    </aside>
  );
}
