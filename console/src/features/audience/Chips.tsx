import { Button, Input } from "antd";
import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import { Choice } from "@/components/Choice";
import { CountInput, MoneyInput } from "@/components/inputs";
import { WordsInput } from "@/components/WordsInput";
import { blank, type Condition, FIELDS, type Group, OPS } from "./fields";
import "./audience.css";

/** Conditions as chip sentences: field, comparison, value; joined by and, or by or. */
export function Chips({ group, onChange }: { group: Group; onChange: (group: Group) => void }) {
  const { t } = useTranslation();
  const put = (at: number, condition: Condition) => onChange({ ...group, conditions: group.conditions.map((old, index) => (index === at ? condition : old)) });
  return (
    <div className="chips">
      <div className="row">
        <span>{t("audience.who")}</span>
        <Choice label={t("audience.join")} value={group.join} onChange={(join) => onChange({ ...group, join })} options={(["all", "any"] as const).map((value) => ({ value, label: t(`audience.joins.${value}`) }))} />
      </div>
      {group.conditions.map((condition, at) => (
        <div className="chip" key={`${at}-${condition.field}`} role="group" aria-label={t("audience.condition", { number: at + 1 })}>
          {at > 0 && <span className="note">{t(group.join === "all" ? "audience.and" : "audience.or")}</span>}
          <Chip condition={condition} onChange={(next) => put(at, next)} />
          {group.conditions.length > 1 && (
            <button type="button" className="icon" aria-label={t("audience.removeCondition", { number: at + 1 })} onClick={() => onChange({ ...group, conditions: group.conditions.filter((_, index) => index !== at) })}>
              ✕
            </button>
          )}
        </div>
      ))}
      <Button type="dashed" onClick={() => onChange({ ...group, conditions: [...group.conditions, blank("orders")] })}>
        {t("audience.addCondition")}
      </Button>
    </div>
  );
}

function Chip({ condition, onChange }: { condition: Condition; onChange: (condition: Condition) => void }) {
  const { t } = useTranslation();
  const kind = FIELDS[condition.field] ?? "text";
  const setOp = (op: string) => {
    const list = op === "in" || op === "not_in";
    const value = list === Array.isArray(condition.value) ? condition.value : list ? [] : "";
    onChange({ ...condition, op, value: kind === "text" ? value : condition.value });
  };
  const fields = Object.keys(FIELDS).includes(condition.field) ? Object.keys(FIELDS) : [condition.field, ...Object.keys(FIELDS)];
  return (
    <>
      <Choice label={t("audience.not", { what: "" })} value={condition.not ? "not" : ""} onChange={(not) => onChange({ ...condition, not: not === "not" })} options={[{ value: "", label: t("audience.is") }, { value: "not", label: t("audience.isNot") }]} />
      <Choice label={t("audience.field")} value={condition.field} onChange={(field) => onChange(blank(field))} options={fields.map((value) => ({ value, label: t(`segmentFields.${value}`, { defaultValue: value }) }))} />
      {kind === "interest" && <Input style={{ width: 140 }} aria-label={t("audience.category")} placeholder={t("audience.category")} value={condition.category ?? ""} onChange={(event) => onChange({ ...condition, category: event.target.value })} />}
      <Choice label={t("audience.op")} value={condition.op} onChange={setOp} options={OPS[kind].map((value) => ({ value, label: t(`ops.${value}`) }))} />
      <Value condition={condition} onChange={(value) => onChange({ ...condition, value })} />
    </>
  );
}

function Value({ condition, onChange }: { condition: Condition; onChange: (value: unknown) => void }) {
  const { t } = useTranslation();
  const { currency } = useCurrency();
  const label = t("audience.value");
  const { value } = condition;
  const number = typeof value === "number" ? value : null;
  const kind = FIELDS[condition.field] ?? "text";
  if (kind === "money") return <MoneyInput label={label} value={number} currency={currency} onChange={onChange} />;
  if (kind === "number") return <CountInput label={label} value={number} suffix={t(`units.${condition.field}`, { defaultValue: "" })} onChange={onChange} />;
  if (kind === "interest") return <CountInput label={label} value={number === null ? null : Math.round(number * 100)} suffix="%" onChange={(percent) => onChange(percent === null ? null : percent / 100)} />;
  if (Array.isArray(value)) {
    return (
      <span style={{ minWidth: 200 }}>
        <WordsInput label={label} free value={value as string[]} onChange={onChange} />
      </span>
    );
  }
  return <Input style={{ width: 140 }} aria-label={label} value={String(value ?? "")} onChange={(event) => onChange(event.target.value)} />;
}
