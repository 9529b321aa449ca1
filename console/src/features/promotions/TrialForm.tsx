import { useQuery } from "@tanstack/react-query";
import { Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { listCalculationProfiles } from "@/api/calculation-profiles-list";
import type { KnownGood } from "@/api/goods-names-hook";
import { listProducts } from "@/api/products-list";
import type { CartLine } from "@/api/quote";
import { Choice } from "@/components/Choice";
import { Field } from "@/components/Field";
import { CountInput, InstantInput, MoneyInput } from "@/components/inputs";
import { WordsInput } from "@/components/WordsInput";
import { money } from "@/lib/numbers";
import { useSettled } from "@/lib/useSettled";
import { type Circumstances, codesOf, withMore } from "./trial";

interface Props {
  lines: CartLine[];
  onLines: (lines: CartLine[]) => void;
  asked: Circumstances;
  onAsked: (change: Partial<Record<keyof Circumstances, string | undefined>>) => void;
  goods: Map<string, KnownGood>;
  currency: string;
}

const CHANNELS = ["web", "app", "mini_program", "store"];
const PRESETS = ["standard", "best_for_shopper", "taobao", "jd"] as const;

/** The cart and its circumstances. */
export function TrialForm({ lines, onLines, asked, onAsked, goods, currency }: Props) {
  return (
    <div className="form">
      <FindGoods currency={currency} onPick={(sku) => onLines(withMore(lines, [{ sku, quantity: 1 }]))} />
      <ul className="trial-lines">
        {lines.map((line, at) => (
          <CartRow key={line.sku} line={line} good={goods.get(line.sku)} currency={currency} onChange={(quantity) => onLines(quantity ? lines.map((old, place) => (place === at ? { ...old, quantity } : old)) : lines.filter((_, place) => place !== at))} />
        ))}
      </ul>
      <Asked asked={asked} onAsked={onAsked} currency={currency} />
    </div>
  );
}

function FindGoods({ currency, onPick }: { currency: string; onPick: (sku: string) => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  const query = useSettled(text);
  const products = useQuery({ queryKey: ["products", query, 50], queryFn: () => listProducts({ limit: 50, ...(query ? { query } : {}) }), staleTime: 60_000 });
  const options = (products.data?.items ?? []).flatMap((product) =>
    product.skus.filter((one) => one.currency === currency).map((one) => ({ value: one.sku, label: `${product.name} · ${one.sku} · ${money(one.price_minor, currency)}` })),
  );
  return (
    <Field label={t("trying.goods")}>
      {(id) => (
        <Select
          id={id}
          aria-label={t("trying.goods")}
          className="trial-find"
          placeholder={t("trying.search")}
          value={null}
          options={options}
          showSearch={{ filterOption: false, searchValue: text, onSearch: setText }}
          notFoundContent={<span className="note">{t(products.isFetching ? "state.loading" : "trying.noGoods", { currency })}</span>}
          onSelect={(sku: string | null) => {
            if (sku) onPick(sku);
            setText("");
          }}
        />
      )}
    </Field>
  );
}

function CartRow({ line, good, currency, onChange }: { line: CartLine; good: KnownGood | undefined; currency: string; onChange: (quantity: number) => void }) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState<number | null>(line.quantity);
  const [held, setHeld] = useState(line.quantity);
  if (held !== line.quantity) {
    setHeld(line.quantity);
    setTyped(line.quantity);
  }
  const name = good?.name ?? line.sku;
  const put = (quantity: number | null) => {
    setTyped(quantity);
    if (quantity && quantity > 0 && quantity <= 9_999) onChange(quantity);
  };
  return (
    <li>
      <span className="trial-name">
        {name}
        <span className="note">
          {line.sku} {good && money(good.price, currency)}
        </span>
      </span>
      <CountInput width={64} label={t("trying.quantity", { name: `${name} ${line.sku}` })} value={typed} onChange={put} />
      <button type="button" className="icon" aria-label={t("trying.remove", { name: `${name} ${line.sku}` })} onClick={() => onChange(0)}>
        ✕
      </button>
    </li>
  );
}

function Asked({ asked, onAsked, currency }: Pick<Props, "asked" | "onAsked" | "currency">) {
  const { t } = useTranslation();
  const profiles = useQuery({ queryKey: ["calculation-profiles"], queryFn: listCalculationProfiles, staleTime: 60_000 });
  const known = [{ value: "", label: t("trying.profiles.own") }, ...PRESETS.map((value) => ({ value: value as string, label: t(`trying.profiles.${value}`) })), ...(profiles.data ?? []).map(({ id, name }) => ({ value: id, label: name }))];
  const put = (name: keyof Circumstances) => (value: string) => onAsked({ [name]: value || undefined });
  const text = (name: "customer" | "payment", help?: string, placeholder?: string) => (
    <Field label={t(`trying.fields.${name}`)} help={help}>
      {(id, describedBy) => <Settling id={id} describedBy={describedBy} value={asked[name]} placeholder={placeholder} onChange={put(name)} />}
    </Field>
  );
  return (
    <>
      {text("customer", t("trying.help.customer"), t("trying.anyone"))}
      <Field label={t("trying.fields.channel")}>{(id) => <Choice id={id} value={asked.channel} onChange={put("channel")} options={[{ value: "", label: t("trying.anyChannel") }, ...[...new Set([...CHANNELS, asked.channel])].filter(Boolean).map((value) => ({ value, label: value }))]} />}</Field>
      {text("payment")}
      <Field label={t("trying.fields.codes")} help={t("trying.help.codes")}>
        {(id, describedBy) => <WordsInput id={id} describedBy={describedBy} label={t("trying.fields.codes")} free value={codesOf(asked.codes)} onChange={(words) => put("codes")(words.join(","))} />}
      </Field>
      <Field label={t("trying.fields.at")} help={t("trying.help.at")}>
        {(id, describedBy) => <InstantInput id={id} describedBy={describedBy} value={asked.at || null} onChange={(at) => put("at")(at ?? "")} />}
      </Field>
      <Field label={t("trying.fields.shipping")}>{(id) => <MoneyInput id={id} currency={currency} value={asked.shipping ? Number(asked.shipping) : null} onChange={(minor) => put("shipping")(minor === null ? "" : String(Math.max(0, minor)))} />}</Field>
      <Field label={t("trying.fields.profile")} help={t("trying.help.profile")}>
        {(id, describedBy) => <Choice id={id} describedBy={describedBy} value={asked.profile} onChange={put("profile")} options={known} />}
      </Field>
    </>
  );
}

/** A word that goes into the address once it is left or Enter is pressed. */
function Settling({ id, describedBy, value, placeholder, onChange }: { id: string; describedBy: string | undefined; value: string; placeholder: string | undefined; onChange: (value: string) => void }) {
  const [text, setText] = useState(value);
  const [held, setHeld] = useState(value);
  if (held !== value) {
    setHeld(value);
    setText(value);
  }
  const done = () => text.trim() !== value && onChange(text.trim());
  return <input id={id} className="choice" aria-describedby={describedBy} maxLength={200} placeholder={placeholder} value={text} onChange={(event) => setText(event.target.value)} onBlur={done} onKeyDown={(event) => event.key === "Enter" && done()} />;
}
