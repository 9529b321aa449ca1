import { EditOutlined } from "@ant-design/icons";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMayWrite } from "@/api/session-hook";
import { MoneyInput } from "@/components/inputs";
import { money } from "@/lib/numbers";
import { type Amount, bids, type Campaign } from "./changes";
import { useChanges } from "./useChanges";

/** An amount that is changed in its place, with ten seconds to undo. */
export function MoneyCell({ item, amount }: { item: Campaign; amount: Amount }) {
  const { t } = useTranslation();
  const { change } = useChanges();
  const [typed, setTyped] = useState<number | null | undefined>(undefined);
  const mayWrite = useMayWrite();
  const { document } = item;
  const say = (minor: number) => money(minor, document.currency);
  const label = t(`ads.fields.${amount}`);
  const close = (save: boolean) => {
    const next = typed;
    setTyped(undefined);
    if (!save || !next || next === document[amount]) return;
    const title = t("bulk.cell", { what: label, from: say(document[amount]), to: say(next) });
    void change([item], () => ({ document: { ...document, [amount]: next } }), t("bulk.cellReason", { what: label }), (changed) => (changed.length ? title : t("bulk.refused")));
  };
  if (!bids(document)) return <span className="note">{t(`ads.solds.${document.sold ?? "auction"}`)}</span>;
  if (typed === undefined) {
    return (
      <span className="row" style={{ justifyContent: "flex-end", flexWrap: "nowrap", gap: 2 }}>
        {say(document[amount])}
        {mayWrite && item.state !== "archived" && (
          <button type="button" className="icon" aria-label={t("bulk.edit", { what: label, name: document.name })} onClick={() => setTyped(document[amount])}>
            <EditOutlined />
          </button>
        )}
      </span>
    );
  }
  return (
    <span onKeyDown={(event) => { if (event.key === "Enter") close(true); if (event.key === "Escape") close(false); }} onBlur={() => close(true)}>
      <MoneyInput width={96} label={label} value={typed} currency={document.currency} onChange={setTyped} />
    </span>
  );
}
