import { Button } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useMayWrite } from "@/api/session-hook";
import type { Documents, Item, Kind } from "@/api/types";
import { type Search, useParameter } from "@/lib/url";
import { describer } from "./describe";
import { DocumentActions } from "./DocumentActions";
import { History } from "./History";
import { Page } from "./Page";
import { ReadOnly } from "./ReadOnly";
import { Restored } from "./Restored";
import { StateTag } from "./StateTag";
import { Failure } from "./states";
import { type PartProps, useDocumentForm } from "./useDocumentForm";
import { useMoves } from "./useMoves";

/** A form's part that also says when nothing may be changed. */
export type FixedPartProps<K extends Kind> = PartProps<K> & { fixed: boolean };

interface Tab<K extends Kind> {
  id: string;
  /** Where it is not among the words of all tabs. */
  label?: string;
  shown: (item: Item<Documents[K]>) => ReactNode;
}

interface Props<K extends Kind> {
  kind: K;
  item?: Item<Documents[K]> | undefined;
  start: Documents[K];
  /** Where the saved document is shown: `${base}/${id}`. */
  base: string;
  /** Where the catalogue keeps this kind's words: `create`, `fields`, `move`. */
  words: string;
  back: { to: string; label: string; extra?: Search };
  /** That of the money in the history. */
  currency: string;
  /** Fields of the history that are plain counts, whatever their names. */
  counts?: RegExp;
  /** What a stored document shows beside its rule; the first one is shown first. */
  tabs?: Tab<K>[];
  form: (part: FixedPartProps<K>) => ReactNode;
  /** What the rule comes to, beside the form. */
  beside?: (value: Documents[K]) => ReactNode;
  /** Both as wide as one another. */
  even?: boolean;
}

/** A document and its form on one page: what it shows, its rule, its history, and what can be done with it. */
export function DocumentEditor<K extends Kind>({ kind, item, start, base, words, back, currency, counts, tabs = [], form: part, beside, even }: Props<K>) {
  const { t } = useTranslation();
  const form = useDocumentForm({ kind, item, start, base });
  const { move } = useMoves({ kind, words });
  const [named] = useParameter("tab", tabs[0]?.id ?? "rule");
  const tab = item ? named : "rule";
  const fixed = !useMayWrite() || item?.state === "archived";
  const rule = (
    <div className="stack">
      <ReadOnly />
      {form.restored && <Restored onDrop={form.drop} />}
      {form.problem && <Failure error={form.problem} />}
      {part({ value: form.value, onChange: form.change, problem: form.problem, fixed })}
    </div>
  );
  return (
    <Page
      title={item?.document.name ?? t(`${words}.create`)}
      back={back}
      status={item && <StateTag state={item.state} />}
      action={
        !fixed && (
          <>
            {item && <DocumentActions<K> item={item} move={move} />}
            {tab === "rule" && (
              <Button type="primary" loading={form.busy} onClick={form.save}>
                {t(item ? "act.saveRevision" : "act.saveDraft")}
              </Button>
            )}
          </>
        )
      }
      {...(item ? { tabs: [...tabs.slice(0, 1), { id: "rule" }, ...tabs.slice(1), { id: "history" }].map(({ id, label }: { id: string; label?: string }) => ({ id, label: label ?? t(`tabs.${id}`) })) } : {})}
    >
      {item && tabs.find(({ id }) => id === tab)?.shown(item)}
      {item && tab === "history" && (
        <section className="card">
          <History kind={kind} id={item.id} describe={describer(t, `${words}.fields`, currency, counts)} />
        </section>
      )}
      {tab === "rule" && (beside ? <div className={even ? "two even" : "two"}>{rule}{beside(form.value)}</div> : rule)}
    </Page>
  );
}
