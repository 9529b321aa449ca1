import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";

interface Props {
  label: string;
  title?: string;
  icon: ReactNode;
  children: (close: () => void) => ReactNode;
}

/** A button that opens a small panel under it; Escape or a click elsewhere closes it. */
export function Popup({ label, title = label, icon, children }: Props) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLSpanElement>(null);
  const id = useId();
  useEffect(() => {
    if (!open) return;
    const outside = (event: Event) => box.current?.contains(event.target as Node) || setOpen(false);
    document.addEventListener("pointerdown", outside);
    document.addEventListener("focusin", outside);
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("focusin", outside);
    };
  }, [open]);
  const close = () => {
    setOpen(false);
    box.current?.querySelector("button")?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape" && open) close();
  };
  return (
    <span className="popup" ref={box} onKeyDown={onKeyDown}>
      <button type="button" className="icon" aria-label={label} title={title} aria-expanded={open} aria-controls={open ? id : undefined} onClick={() => setOpen(!open)}>
        {icon}
      </button>
      {open && (
        <div className="popup-panel" id={id}>
          {children(close)}
        </div>
      )}
    </span>
  );
}

export interface Choice {
  key: string;
  label: ReactNode;
  run: () => void;
}

/** A list of things to do, moved through with the arrow keys. */
export function Actions({ choices, close }: { choices: Choice[]; close: () => void }) {
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => list.current?.querySelector("button")?.focus(), []);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const buttons = [...(list.current?.querySelectorAll("button") ?? [])];
    if (!step) return;
    event.preventDefault();
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    buttons[(at + step + buttons.length) % buttons.length]?.focus();
  };
  return (
    <ul className="actions" ref={list} onKeyDown={onKeyDown}>
      {choices.map((choice) => (
        <li key={choice.key}>
          <button
            type="button"
            onClick={() => {
              close();
              choice.run();
            }}
          >
            {choice.label}
          </button>
        </li>
      ))}
    </ul>
  );
}
