import { Input, Modal } from "antd";
import { useEffect, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { useDocuments } from "@/api/documents/hooks";
import type { Kind } from "@/api/types";
import { useGo } from "@/lib/url";
import { useSettled } from "@/lib/useSettled";
import { STAGES } from "./stages";

interface Hit {
  id: string;
  group: string;
  label: string;
  to: string;
}

const PLACES: { kind: Kind; group: string; base: string }[] = [
  { kind: "promotions", group: "promotions", base: "/promotions/" },
  { kind: "campaigns", group: "ads", base: "/ads/" },
  { kind: "segments", group: "audience", base: "/audience/" },
];

const FOUND_MAX = 12;

/** ⌘K: go anywhere by a few letters. */
export default function Palette({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal open onCancel={onClose} footer={null} closable={false} title={null} destroyOnHidden width={560} aria-label={t("keys.palette")}>
      <Finder onDone={onClose} />
    </Modal>
  );
}

function Finder({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation();
  const go = useGo();
  const listId = useId();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const hits = useHits(text);
  useEffect(() => setAt(0), [text]);
  const open = (hit: Hit | undefined) => {
    if (!hit) return;
    onDone();
    go(hit.to);
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      setAt((at + step + hits.length) % Math.max(1, hits.length));
    } else if (event.key === "Enter" && !event.nativeEvent.isComposing) open(hits[at]);
  };
  return (
    <div className="palette">
      <Input
        autoFocus
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
        placeholder={t("frame.paletteHint")}
        role="combobox"
        aria-expanded="true"
        aria-controls={listId}
        aria-activedescendant={hits[at] ? `${listId}-${at}` : undefined}
        aria-label={t("keys.palette")}
      />
      <ul id={listId} role="listbox" aria-label={t("keys.palette")}>
        {hits.map((hit, index) => (
          <li key={hit.id} id={`${listId}-${index}`} role="option" aria-selected={index === at} onMouseEnter={() => setAt(index)} onClick={() => open(hit)}>
            <span>{hit.label}</span>
            <span className="note">{hit.group}</span>
          </li>
        ))}
      </ul>
      {hits.length === 0 && <p className="note">{t("frame.paletteEmpty")}</p>}
    </div>
  );
}

/** Names by id: the latest at once, and what the server finds among all once the typing pauses. */
function useNamed(kind: Kind, typed: string): Map<string, string> {
  const latest = useDocuments(kind, { limit: 100 });
  const found = useDocuments(kind, { limit: FOUND_MAX, query: typed });
  return new Map([...(latest.data?.items ?? []), ...(found.data?.items ?? [])].map((item) => [item.id, item.document.name]));
}

function useHits(text: string): Hit[] {
  const { t } = useTranslation();
  const typed = useSettled(text.trim());
  const lists = [useNamed("promotions", typed), useNamed("campaigns", typed), useNamed("segments", typed)];
  const pages = STAGES.map((stage) => ({ id: stage.id, group: t("frame.page"), label: t(`stages.${stage.id}`), to: stage.to }));
  const documents = PLACES.flatMap(({ group, base }, at) =>
    [...(lists[at] ?? [])].map(([id, label]) => ({ id, group: t(`stages.${group}`), label, to: base + id })),
  );
  const person = text.trim() ? [{ id: "person", group: t("stages.audience"), label: t("frame.findPerson", { id: text.trim() }), to: `/audience/people/${encodeURIComponent(text.trim())}` }] : [];
  const wanted = text.trim().toLowerCase();
  return [...pages, ...documents].filter((hit) => hit.label.toLowerCase().includes(wanted)).slice(0, FOUND_MAX).concat(person);
}
