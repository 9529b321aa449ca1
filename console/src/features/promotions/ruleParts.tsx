import { Button, Input, Switch } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Benefit } from "@/api/types";
import { Choice } from "@/components/Choice";
import { CountInput, MoneyInput } from "@/components/inputs";

export type Of<T extends Benefit["type"]> = Extract<Benefit, { type: T }>;

/** What the form of one kind of benefit gets. */
export interface BenefitProps<T extends Benefit["type"]> {
  benefit: Of<T>;
  currency: string;
  onChange: (benefit: Benefit) => void;
}

/** An exact decimal of up to a hundred percent. */
export function PercentInput({ label, value, onChange }: { label: string; value: string | null | undefined; onChange: (percent: string) => void }) {
  const put = (text: string) => /^\d{0,3}(\.\d{0,6})?$/.test(text) && onChange(text);
  return <Input style={{ width: 90 }} suffix="%" inputMode="decimal" aria-label={label} value={value ?? ""} onChange={(event) => put(event.target.value)} />;
}

/** The slots that many sentences share, by name. */
export function useSlots(currency: string) {
  const { t } = useTranslation();
  const label = (name: string) => t(`promotion.slots.${name}`);
  return {
    money: (name: string, value: number | null | undefined, put: (minor: number | null) => void) => <MoneyInput label={label(name)} value={value ?? null} currency={currency} onChange={put} />,
    count: (name: string, value: number | null | undefined, put: (count: number | null) => void, width = 64) => <CountInput width={width} label={label(name)} value={value ?? null} onChange={put} />,
    percent: (name: string, value: string | null | undefined, put: (percent: string) => void) => <PercentInput label={label(name)} value={value} onChange={put} />,
    flag: (name: string, value: boolean | undefined, put: (on: boolean) => void, disabled = false) => <Switch aria-label={label(name)} checked={value ?? false} disabled={disabled} onChange={put} />,
    choice: <T extends string>(name: string, value: T, names: readonly T[], put: (value: T) => void) => <Choice label={label(name)} value={value} onChange={put} options={names.map((one) => ({ value: one, label: t(`promotion.choices.${name}.${one}`) }))} />,
  };
}

/** Rows of a rule that can be added and removed. */
export function Rows<T>({ of, least = 1, add, remove, onAdd, onRemove, children }: { of: readonly T[]; least?: number; add: string; remove: (number: number) => string; onAdd: () => void; onRemove: (at: number) => void; children: (one: T, at: number) => ReactNode }) {
  return (
    <>
      {of.map((one, at) => (
        <div className="rule-tier" key={at}>
          {children(one, at)}
          {of.length > least && (
            <button type="button" className="icon" aria-label={remove(at + 1)} onClick={() => onRemove(at)}>
              ✕
            </button>
          )}
        </div>
      ))}
      <Button size="small" type="dashed" onClick={onAdd}>
        {add}
      </Button>
    </>
  );
}

/** A list with one entry changed, or without it. */
export const changed = <T,>(list: readonly T[], at: number, change: Partial<T>): T[] => list.map((one, index) => (index === at ? { ...one, ...change } : one));
export const without = <T,>(list: readonly T[], at: number): T[] => list.filter((_, index) => index !== at);
