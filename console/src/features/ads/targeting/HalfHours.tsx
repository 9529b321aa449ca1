import { type KeyboardEvent, type PointerEvent, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { useZoneHelp } from "@/components/zone-help";
import { type Cell, clockOf, DAYS, HALF_HOURS, holds, hoursOf, painted, PRESETS, same, type Week } from "./grid";
import { weekWords } from "./words";
import "./targeting.css";

interface Props {
  label: string;
  value: Week;
  onChange: (week: Week) => void;
  disabled?: boolean;
}

/** A rectangle being drawn, and whether it sets or clears. */
interface Stroke {
  from: Cell;
  to: Cell;
  on: boolean;
}

const STEPS: Record<string, [day: number, half: number]> = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, -HALF_HOURS], End: [0, HALF_HOURS] };
const within = (value: number, most: number) => Math.max(0, Math.min(most, value));

/** The week in half-hours: drawn by mouse, finger or keys, a day at a time by its name, or by a preset. */
export function HalfHours({ label, value, onChange, disabled = false }: Props) {
  const { t } = useTranslation();
  const zone = useZoneHelp();
  const [cursor, setCursor] = useState<Cell>({ day: 0, half: 18 });
  const [stroke, setStroke] = useState<Stroke | null>(null);
  const shown = stroke ? painted(value, stroke.from, stroke.to, stroke.on) : value;
  const start = (cell: Cell) => {
    setCursor(cell);
    setStroke({ from: cell, to: cell, on: !holds(value, cell) });
  };
  const stop = () => {
    if (stroke) onChange(shown);
    setStroke(null);
  };
  const press = (key: string, shift: boolean): boolean => {
    if (key === " " || key === "Enter") {
      onChange(painted(value, cursor, cursor, !holds(value, cursor)));
      return true;
    }
    const step = STEPS[key];
    if (!step) return false;
    const next = { day: within(cursor.day + step[0], DAYS.length - 1), half: within(cursor.half + step[1], HALF_HOURS - 1) };
    if (shift) onChange(painted(value, cursor, next, holds(value, cursor)));
    setCursor(next);
    return true;
  };
  const day = (at: number) => onChange(painted(value, { day: at, half: 0 }, { day: at, half: HALF_HOURS - 1 }, value[at]?.includes("0") ?? true));
  return (
    <div className="half-hours">
      <div className="row">
        <span className="segments wrap" role="group" aria-label={t("targeting.grid.presets")}>
          {Object.entries(PRESETS).map(([name, week]) => (
            <button key={name} type="button" disabled={disabled} aria-pressed={same(value, week)} onClick={() => onChange(week)}>
              {t(`targeting.grid.preset.${name}`)}
            </button>
          ))}
        </span>
        <span className="note">{t("targeting.grid.hours", { count: hoursOf(shown) })}</span>
      </div>
      <Marks label={label} week={shown} cursor={cursor} disabled={disabled} onStart={start} onReach={(to) => stroke && setStroke({ ...stroke, to })} onStop={stop} onKey={press} onDay={day} />
      <p className="note" aria-live="polite">
        {weekWords(t, shown)}
      </p>
      <p className="note">
        {t("targeting.grid.help")} {zone}
      </p>
    </div>
  );
}

interface MarksProps {
  label: string;
  week: Week;
  cursor: Cell;
  disabled: boolean;
  onStart: (cell: Cell) => void;
  onReach: (cell: Cell) => void;
  onStop: () => void;
  /** Says whether the key did something. */
  onKey: (key: string, shift: boolean) => boolean;
  onDay: (day: number) => void;
}

function Marks({ label, week, cursor, disabled, onStart, onReach, onStop, onKey, onDay }: MarksProps) {
  const { t } = useTranslation();
  const id = useId();
  const keys = (event: KeyboardEvent) => {
    if (!disabled && onKey(event.key, event.shiftKey)) event.preventDefault();
  };
  const down = (event: PointerEvent<HTMLElement>) => {
    const cell = cellAt(event);
    if (disabled || !cell || event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    onStart(cell);
  };
  const move = (event: PointerEvent<HTMLElement>) => {
    const cell = event.buttons ? cellAt(event) : null;
    if (cell) onReach(cell);
  };
  return (
    <div className="half-hours-week">
      <div className="half-hours-days">
        {DAYS.map((day, at) => (
          <button key={day} type="button" className="link" disabled={disabled} title={t("targeting.grid.wholeDay", { day: t(`week.days.${day}`) })} onClick={() => onDay(at)}>
            {t(`week.days.${day}`)}
          </button>
        ))}
      </div>
      <div className="half-hours-clock" aria-hidden="true">
        {[0, 6, 12, 18, 24].map((hour) => (
          <span key={hour}>{clockOf(hour * 2)}</span>
        ))}
      </div>
      <div className="half-hours-marks" role="grid" tabIndex={disabled ? -1 : 0} aria-label={label} aria-disabled={disabled} aria-multiselectable="true" aria-activedescendant={`${id}-${cursor.day}-${cursor.half}`} onKeyDown={keys} onPointerDown={down} onPointerMove={move} onPointerUp={onStop} onPointerCancel={onStop}>
        {week.map((marks, day) => (
          <div role="row" key={DAYS[day]} aria-label={t(`week.days.${day + 1}`)}>
            {[...marks].map((mark, half) => (
              <span key={half} role="gridcell" id={`${id}-${day}-${half}`} data-cell={`${day}-${half}`} aria-selected={mark === "1"} data-cursor={(cursor.day === day && cursor.half === half) || undefined} aria-label={`${t(`week.days.${day + 1}`)} ${clockOf(half)}`} />
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}

/** The cell under a pointer: a captured pointer says so of no other element. */
function cellAt(event: PointerEvent): Cell | null {
  const found = document.elementFromPoint(event.clientX, event.clientY)?.getAttribute("data-cell")?.split("-").map(Number);
  return found ? { day: found[0] ?? 0, half: found[1] ?? 0 } : null;
}
