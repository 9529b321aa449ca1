import { CheckCircleOutlined, CloseCircleOutlined, CloseOutlined } from "@ant-design/icons";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { dismiss, type Note, useNotes } from "@/lib/notes";

/** What was just done or failed: read out, gone by itself, kept while the pointer or the focus is on it. */
export function Notes() {
  const notes = useNotes();
  return (
    <div className="notes" role="status">
      {notes.map((note) => (
        <One key={note.key} note={note} />
      ))}
    </div>
  );
}

function One({ note }: { note: Note }) {
  const { t } = useTranslation();
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (held) return;
    const timer = setTimeout(() => dismiss(note.key), note.lastsMs);
    return () => clearTimeout(timer);
  }, [note, held]);
  const { act } = note;
  const Icon = note.kind === "done" ? CheckCircleOutlined : CloseCircleOutlined;
  return (
    <div className={`note-box ${note.kind}`} onPointerEnter={() => setHeld(true)} onPointerLeave={() => setHeld(false)} onFocus={() => setHeld(true)} onBlur={() => setHeld(false)}>
      <Icon />
      <div>
        <strong>{note.title}</strong>
        {note.detail && <p>{note.detail}</p>}
      </div>
      {act && (
        <button type="button" className="link" onClick={() => { dismiss(note.key); act.run(); }}>
          {act.label}
        </button>
      )}
      <button type="button" className="icon" aria-label={t("act.close")} onClick={() => dismiss(note.key)}>
        <CloseOutlined />
      </button>
    </div>
  );
}
