import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { Choice } from "@/components/Choice";
import { Field } from "@/components/Field";
import type { FormProps } from "./BlockForm";
import { summaryOf } from "./blocks";
import { WordsField } from "./inputs";

const TABS_MAX = 8;

/** Entries of the bar, each a word and the block that it leads to. */
export function TabsForm({ block, path, page, problem, onChange }: FormProps<"tabs">) {
  const { t } = useTranslation();
  const others = page.blocks.filter((one) => one.id !== block.id);
  const targets = others.map((one) => ({ value: one.id, label: `${t(`landing.blocks.${one.type}`)} ${summaryOf(one)}` }));
  const put = (at: number, change: Partial<(typeof block.items)[number]>) => onChange({ ...block, items: block.items.map((tab, place) => (place === at ? { ...tab, ...change } : tab)) });
  const add = () => onChange({ ...block, items: [...block.items, { label: { zh: t("landing.blocks.goods"), en: "" }, block: others[0]?.id ?? "" }] });
  return (
    <>
      {problem?.field(`${path}.items`) && <p role="alert">{problem.field(`${path}.items`)}</p>}
      {block.items.map((tab, at) => (
        <fieldset key={at} className="tab-entry">
          <legend>{t("landing.tabNumber", { number: at + 1 })}</legend>
          <WordsField label={t("landing.fields.tabLabel")} path={`${path}.items[${at}].label`} problem={problem} value={tab.label} onChange={(label) => label && put(at, { label })} />
          <Field label={t("landing.fields.tabBlock")} error={problem?.field(`${path}.items[${at}].block`)}>
            {(id) => <Choice id={id} value={tab.block} options={targets} onChange={(target) => put(at, { block: target })} />}
          </Field>
          <Button size="small" type="text" onClick={() => onChange({ ...block, items: block.items.filter((_, place) => place !== at) })}>
            {t("landing.removeTab", { number: at + 1 })}
          </Button>
        </fieldset>
      ))}
      {block.items.length < TABS_MAX && (
        <Button size="small" onClick={add} disabled={others.length === 0}>
          {t("landing.addTab")}
        </Button>
      )}
    </>
  );
}
