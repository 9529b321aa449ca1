import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSave } from "@/api/documents/hooks";
import { type ApiError, asApiError } from "@/api/problem";
import type { Documents, Item, Kind } from "@/api/types";
import { useDraft } from "@/lib/drafts";
import { tell } from "@/lib/notes";
import { useGo } from "@/lib/url";

interface Options<K extends Kind> {
  kind: K;
  item?: Item<Documents[K]> | undefined;
  start: Documents[K];
  /** Where the saved document is shown: `${base}/${id}`. */
  base: string;
  /** What is sent: the form's value without what the server would refuse as empty. */
  sent?: (value: Documents[K]) => Documents[K];
}

/** A document being written: kept as a draft in this browser until the server has it. */
export function useDocumentForm<K extends Kind>({ kind, item, start, base, sent = (value) => value }: Options<K>) {
  const { t } = useTranslation();
  const go = useGo();
  const form = useDraft(item ? `${kind}.${item.id}.${item.revision}` : `${kind}.new`, start);
  const saving = useSave(kind);
  const [problem, setProblem] = useState<ApiError | null>(null);
  const save = async () => {
    try {
      const saved = await saving.mutateAsync({ document: sent(form.value), ...(item ? { id: item.id, revision: item.revision } : {}) });
      form.forget();
      setProblem(null);
      tell({ kind: "done", title: t("form.saved") });
      go(`${base}/${saved.id}`);
      return saved;
    } catch (error) {
      setProblem(asApiError(error));
      return null;
    }
  };
  const drop = () => {
    form.forget();
    form.change(start);
  };
  return { ...form, drop, problem, busy: saving.isPending, submit: save, save: () => void save() };
}

/** What every part of a document's form gets. */
export interface PartProps<K extends Kind> {
  value: Documents[K];
  onChange: (value: Documents[K]) => void;
  problem: ApiError | null;
}
