import { Button, Input } from "antd";
import { useTranslation } from "react-i18next";
import type { ApiError } from "@/api/problem";
import { Choice } from "@/components/Choice";
import { ClauseValue } from "./ClauseValue";
import { ATTRIBUTE, clauseOf, FIELDS, opsOf, valueFor } from "./fields";
import { type Clause, EMPTY, type Group, type Part, pathIn, pathOf } from "./tree";
import "./targeting.css";

interface Props<P extends Part> {
  part: P;
  /** Where the server finds it in what is sent. */
  path: string;
  /** Its place among its neighbours, as people count: 2, or 2.1 inside. */
  number: string;
  problem: ApiError | null;
  onChange: (part: P) => void;
  onRemove?: () => void;
}

const DEPTH_MAX = 3;
/** An attribute of the shop's own, named by hand. */
const OWN = "own";

/** Conditions that hold together or one of which holds; groups stand in groups. */
export function Clauses({ part, path, number, problem, onChange, onRemove }: Props<Group>) {
  const { t } = useTranslation();
  const put = (parts: Part[]) => onChange({ ...part, parts });
  const label = number ? t("targeting.group", { number }) : t("targeting.title");
  return (
    <fieldset className="clauses" aria-label={label}>
      <div className="clauses-head">
        {number && <Negation not={part.not} onChange={(not) => onChange({ ...part, not })} />}
        <Choice label={t("targeting.join")} value={part.join} onChange={(join) => onChange({ ...part, join })} options={(["and", "or"] as const).map((value) => ({ value, label: t(`targeting.joins.${value}`) }))} />
        {onRemove && (
          <Button size="small" type="text" danger onClick={onRemove}>
            {t("targeting.removeGroup", { number })}
          </Button>
        )}
      </div>
      {part.parts.length === 0 && <p className="note">{t(number ? "targeting.emptyGroup" : "targeting.none")}</p>}
      {part.parts.map((one, at) => {
        const common = { path: pathOf(part, path, at), number: number ? `${number}.${at + 1}` : String(at + 1), problem, onRemove: () => put(part.parts.filter((_, index) => index !== at)) };
        const change = (next: Part) => put(part.parts.map((old, index) => (index === at ? next : old)));
        return one.kind === "group" ? <Clauses key={at} part={one} onChange={change} {...common} /> : <ClauseRow key={`${at} ${one.field in FIELDS ? one.field : OWN} ${one.op}`} part={one} onChange={change} {...common} />;
      })}
      <div className="row">
        <Button size="small" type="dashed" onClick={() => put([...part.parts, clauseOf("segments")])}>
          {t("targeting.add")}
        </Button>
        {number.split(".").length < DEPTH_MAX && (
          <Button size="small" type="text" onClick={() => put([...part.parts, { ...EMPTY, join: part.join === "and" ? "or" : "and", parts: [clauseOf("tags")] }])}>
            {t("targeting.addGroup")}
          </Button>
        )}
      </div>
    </fieldset>
  );
}

function Negation({ not, onChange }: { not: boolean; onChange: (not: boolean) => void }) {
  const { t } = useTranslation();
  return <Choice label={t("targeting.negation")} value={not ? "not" : "is"} onChange={(next) => onChange(next === "not")} options={(["is", "not"] as const).map((value) => ({ value, label: t(`targeting.negations.${value}`) }))} />;
}

/** One condition as a line: is or is not, what, how, with what. */
function ClauseRow({ part, path, number, problem, onChange, onRemove }: Props<Clause>) {
  const { t } = useTranslation();
  const own = !(part.field in FIELDS);
  const at = pathIn(part, path);
  const wrong = problem?.fields.find((one) => one.path.replace(/^document\./, "").startsWith(at))?.detail;
  const choose = (field: string) => onChange({ ...clauseOf(field === OWN ? `${ATTRIBUTE}name` : field), not: part.not });
  return (
    <div className="clause" role="group" aria-label={t("targeting.clause", { number })}>
      <Negation not={part.not} onChange={(not) => onChange({ ...part, not })} />
      <Choice label={t("targeting.field")} value={own ? OWN : part.field} onChange={choose} options={[...Object.keys(FIELDS), OWN].map((value) => ({ value, label: t(`targeting.fields.${value.replaceAll(".", "_")}`) }))} />
      {own && <Input style={{ width: 130 }} aria-label={t("targeting.attribute")} value={part.field.replace(ATTRIBUTE, "")} onChange={(event) => onChange({ ...part, field: ATTRIBUTE + event.target.value })} />}
      <Choice label={t("targeting.op")} value={part.op} onChange={(op) => onChange({ ...part, op, value: valueFor(op, part.value) })} options={opsOf(part.field, part.op).map((value) => ({ value, label: t(`targeting.ops.${value}`, { defaultValue: value }) }))} />
      <ClauseValue clause={part} onChange={(value) => onChange({ ...part, value })} />
      <button type="button" className="icon" aria-label={t("targeting.remove", { number })} title={t("targeting.remove", { number })} onClick={onRemove}>
        ✕
      </button>
      {wrong && (
        <div className="wrong-note" role="alert">
          {wrong}
        </div>
      )}
    </div>
  );
}
