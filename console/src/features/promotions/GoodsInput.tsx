import { Select } from "antd";
import { useTranslation } from "react-i18next";
import type { Scope } from "@/api/types";
import { useGoods } from "@/components/useGoods";

const KINDS = ["categories", "brands", "skus", "tags", "shops"] as const;

/** Goods by any of their names in one field: a small scope inside a rule. */
export function GoodsInput({ label, value, onChange }: { label: string; value: Scope; onChange: (scope: Scope) => void }) {
  const { t } = useTranslation();
  const { options, search } = useGoods();
  const groups = KINDS.map((kind) => ({ label: t(`promotion.fields.scope_${kind}`), options: options[kind].map((one) => ({ value: `${kind}:${one.value}`, label: one.label })) })).filter((group) => group.options.length > 0);
  const chosen = KINDS.flatMap((kind) => (value[kind] ?? []).map((name) => `${kind}:${name}`));
  const put = (words: string[]) => onChange({ ...value, ...Object.fromEntries(KINDS.map((kind) => [kind, words.filter((word) => word.startsWith(`${kind}:`)).map((word) => word.slice(kind.length + 1))])) });
  return (
    <Select
      mode="multiple"
      className="goods-input"
      aria-label={label}
      placeholder={t("promotion.words.inScope")}
      value={chosen}
      options={groups}
      showSearch={{ optionFilterProp: "label", onSearch: search }}
      labelRender={({ value: word, label: known }) => known ?? String(word).replace(/^\w+:/, "")}
      onChange={put}
    />
  );
}
