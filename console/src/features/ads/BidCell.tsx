import { EditOutlined } from "@ant-design/icons";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSave } from "@/api/documents/hooks";
import { asApiError } from "@/api/problem";
import { useMayWrite } from "@/api/session-hook";
import type { CampaignDocument, Item } from "@/api/types";
import { MoneyInput } from "@/components/inputs";
import { problemTitle } from "@/components/states";
import { tell } from "@/lib/notes";
import { money } from "@/lib/numbers";

const UNDO_MS = 10_000;

/** A bid that is changed in its place, with ten seconds to undo. */
export function BidCell({ item }: { item: Item<CampaignDocument> }) {
  const { t } = useTranslation();
  const saving = useSave("campaigns");
  const [typed, setTyped] = useState<number | null | undefined>(undefined);
  const mayWrite = useMayWrite();
  const { document } = item;
  const put = async (revision: number, bid_minor: number, undo?: number) => {
    try {
      const saved = await saving.mutateAsync({ id: item.id, revision, document: { ...document, bid_minor }, reason: t("ads.bid.reason") });
      if (undo === undefined) return;
      tell({
        key: item.id,
        kind: "done",
        lastsMs: UNDO_MS,
        title: t("ads.bid.changed", { from: money(undo, document.currency), to: money(bid_minor, document.currency) }),
        act: { label: t("act.undo"), run: () => void put(saved.revision, undo) },
      });
    } catch (error) {
      const problem = asApiError(error);
      tell({ kind: "failed", title: problemTitle(problem, t), detail: problem.fields[0]?.detail ?? problem.detail });
    }
  };
  const close = (save: boolean) => {
    if (save && typed && typed !== document.bid_minor) void put(item.revision, typed, document.bid_minor);
    setTyped(undefined);
  };
  if (typed === undefined) {
    return (
      <span className="row" style={{ justifyContent: "flex-end", flexWrap: "nowrap", gap: 2 }}>
        {money(document.bid_minor, document.currency)}
        {mayWrite && item.state !== "archived" && (
          <button type="button" className="icon" aria-label={t("ads.bid.edit", { name: document.name })} onClick={() => setTyped(document.bid_minor)}>
            <EditOutlined />
          </button>
        )}
      </span>
    );
  }
  return (
    <span onKeyDown={(event) => { if (event.key === "Enter") close(true); if (event.key === "Escape") close(false); }} onBlur={() => close(true)}>
      <MoneyInput width={96} label={t("ads.fields.bid_minor")} value={typed} currency={document.currency} onChange={setTyped} />
    </span>
  );
}
