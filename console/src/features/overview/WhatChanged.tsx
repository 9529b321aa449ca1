import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { listAudit } from "@/api/audit-list";
import { useCurrency } from "@/api/currency-hook";
import { type Figure, numeric } from "@/api/figures";
import { useFigures } from "@/api/figures-hook";
import { useSession } from "@/api/session-hook";
import { Go } from "@/components/Go";
import { Waiting } from "@/components/states";
import { compactMoney } from "@/lib/numbers";
import { usePreferences } from "@/lib/preferences";
import { minuteText, parseInstant } from "@/lib/time";
import { usePeriod } from "@/lib/usePeriod";

/** Three sentences: where the movement came from, and what people changed. */
export function WhatChanged() {
  const { t } = useTranslation();
  const compares = usePeriod().comparison !== "none";
  return (
    <section className="card" aria-label={t("overview.why")}>
      <h2>{t("overview.why")}</h2>
      <ul className="why">
        {compares && <Mover dimension="channel" />}
        {compares && <Mover dimension="category" />}
        <LastChange />
      </ul>
    </section>
  );
}

function Mover({ dimension }: { dimension: "channel" | "category" }) {
  const { t } = useTranslation();
  const { currency } = useCurrency();
  const { language } = usePreferences();
  const now = useFigures({ metrics: ["net"], dimensions: [dimension] }, "now", 30_000);
  const before = useFigures({ metrics: ["net"], dimensions: [dimension] }, "before");
  const mover = now.data && before.data ? biggestMover(now.data.rows, before.data.rows, dimension) : null;
  const link = (
    <Go to="/data" extra={{ metrics: "net", dimension }}>
      {t("overview.open")}
    </Go>
  );
  if (now.isPending || before.isPending) return <Waiting lines={1} />;
  if (!mover || mover.moved === 0) return <li>{t(`overview.still.${dimension}`)} {link}</li>;
  const words = { name: mover.name || t("overview.unnamed"), amount: compactMoney(Math.abs(mover.moved), currency, language) };
  return (
    <li>
      {t(`overview.mover.${dimension}.${mover.moved > 0 ? "up" : "down"}`, words)} {link}
    </li>
  );
}

/** The value of a dimension whose sales moved most against before. */
export function biggestMover(now: Figure[], before: Figure[], dimension: string): { name: string; moved: number } | null {
  const moved = new Map<string, number>();
  const add = (rows: Figure[], sign: number) => {
    for (const row of rows) {
      const name = String(row[dimension] ?? "");
      moved.set(name, (moved.get(name) ?? 0) + sign * (numeric(row, "net") ?? 0));
    }
  };
  add(now, 1);
  add(before, -1);
  const most = [...moved].sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]))[0];
  return most ? { name: most[0], moved: most[1] } : null;
}

function LastChange() {
  const { t } = useTranslation();
  const role = useSession().data?.user.role;
  const audit = useQuery({ queryKey: ["audit", { limit: 20 }], queryFn: () => listAudit({ limit: 20 }), refetchInterval: 10_000, enabled: role === "owner" });
  // Signing in changes nothing.
  const last = audit.data?.items.find((entry) => !entry.action.startsWith("session") && entry.target_kind !== "session");
  if (!last) return <li>{t("overview.noChange")}</li>;
  const words = { who: last.actor_name || last.actor, what: last.summary || last.action, time: minuteText(parseInstant(last.at) ?? 0) };
  return (
    <li>
      {t("overview.lastChange", words)} <Go to="/settings" extra={{ tab: "audit" }}>{t("overview.open")}</Go>
    </li>
  );
}
