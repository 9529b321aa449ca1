import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import type { Pages } from "@/api/pages-hook";
import { Go } from "@/components/Go";
import { Empty } from "@/components/states";
import { type Column, Table } from "@/components/Table";
import { count, DASH, money } from "@/lib/numbers";
import { instantText, parseInstant } from "@/lib/time";
import "./audience.css";

type Person = Record<string, unknown>;
const number = (value: unknown) => (typeof value === "number" ? value : null);

/** People in short lines; each opens their whole story. */
export function People({ people, tools, more }: { people: Person[]; tools?: ReactNode; more?: Pages<Person>["more"] }) {
  const { t } = useTranslation();
  const { currency } = useCurrency();
  const columns: Column<Person>[] = [
    { id: "person", title: t("audience.person"), value: (one) => String(one.person_id), cell: (one) => <Go to={`/audience/people/${encodeURIComponent(String(one.person_id))}`} className="id-link">{String(one.person_id)}</Go> },
    { id: "seen", title: t("audience.lastSeen"), value: (one) => String(one.last_seen ?? ""), cell: (one) => (parseInstant(one.last_seen as string) === null ? DASH : instantText(parseInstant(one.last_seen as string) ?? 0)) },
    { id: "visits", title: t("segmentFields.visits"), numeric: true, value: (one) => number(one.visits), cell: (one) => count(number(one.visits)) },
    { id: "orders", title: t("segmentFields.orders"), numeric: true, value: (one) => number(one.orders), cell: (one) => count(number(one.orders)) },
    { id: "spent", title: t("segmentFields.spent_minor"), numeric: true, value: (one) => number(one.spent_minor), cell: (one) => money(number(one.spent_minor), currency) },
    { id: "category", title: t("segmentFields.top_category"), value: (one) => String(one.top_category ?? ""), cell: (one) => String(one.top_category ?? DASH) },
  ];
  return <Table name="people" caption={t("audience.tabs.people")} columns={columns} rows={people} rowKey={(one) => String(one.person_id)} tools={tools} {...(more ? { more } : {})} empty={<Empty>{t("audience.nobody")}</Empty>} />;
}
