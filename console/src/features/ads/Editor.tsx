import { Button, Input } from "antd";
import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import { useAllDocuments } from "@/api/documents/all";
import type { CampaignDocument, Item } from "@/api/types";
import { Field } from "@/components/Field";
import { InstantInput, MoneyInput } from "@/components/inputs";
import { WordsInput } from "@/components/WordsInput";
import { Page } from "@/components/Page";
import { Restored } from "@/components/Restored";
import { type PartProps as DocumentPart, useDocumentForm } from "@/components/useDocumentForm";
import { StoredDocument } from "@/components/StoredDocument";
import { Failure, Waiting } from "@/components/states";
import { money } from "@/lib/numbers";
import { CapsForm } from "./CapsForm";
import { CreativesForm } from "./CreativesForm";
import { Creatives } from "./Creatives";

const BLANK = (currency: string): CampaignDocument => ({
  name: "",
  advertiser: "",
  placements: [],
  bid_minor: 100,
  currency,
  daily_budget_minor: 50_000,
  targeting: { segments_any: [], channels_any: [] },
  creatives: [{ id: "c1", title: "", landing_url: "/" }],
  starts_at: null,
  ends_at: null,
  caps: [],
  exchange: null,
});

export function NewCampaign() {
  const { currency, known } = useCurrency();
  return known ? <Editor key={currency} start={BLANK(currency)} /> : <Waiting />;
}

export function EditCampaign() {
  return (
    <StoredDocument kind="campaigns" back={useBack()}>
      {(item) => <Editor item={item} start={{ ...BLANK(item.document.currency), ...item.document }} />}
    </StoredDocument>
  );
}

function useBack() {
  const { t } = useTranslation();
  return { to: "/ads", label: t("stages.ads") };
}

function Editor({ item, start }: { item?: Item<CampaignDocument>; start: CampaignDocument }) {
  const { t } = useTranslation();
  const form = useDocumentForm({ kind: "campaigns", item, start, base: "/ads" });
  const { problem, busy, save } = form;
  return (
    <Page
      title={item ? t("ads.editing", { name: item.document.name }) : t("ads.create")}
      back={{ to: item ? `/ads/${item.id}` : "/ads", label: item?.document.name ?? t("stages.ads") }}
      action={
        <Button type="primary" loading={busy} onClick={save}>
          {t(item ? "act.saveRevision" : "act.saveDraft")}
        </Button>
      }
    >
      {form.restored && <Restored onDrop={form.drop} />}
      {problem && <Failure error={problem} />}
      <div className="two">
        <div className="stack">
          <section className="card form">
            <Basics value={form.value} onChange={form.change} problem={problem} />
          </section>
          <section className="card form">
            <h2>{t("ads.who")}</h2>
            <Targeting value={form.value} onChange={form.change} problem={problem} />
          </section>
          <section className="card form">
            <h2>{t("caps.title")}</h2>
            <CapsForm value={form.value} onChange={form.change} problem={problem} />
          </section>
          <section className="card form">
            <h2>{t("ads.creatives")}</h2>
            <CreativesForm value={form.value} onChange={form.change} problem={problem} />
          </section>
        </div>
        <Creatives creatives={form.value.creatives} />
      </div>
    </Page>
  );
}

export type PartProps = DocumentPart<"campaigns">;

function Basics({ value, onChange, problem }: PartProps) {
  const { t } = useTranslation();
  const advertisers = useAllDocuments("advertisers");
  const placements = useAllDocuments("placements");
  const options = (placements.data ?? []).map((item) => ({ value: item.id, label: `${item.document.name} · ${money(item.document.floor_minor, item.document.currency)}` }));
  const clicks = value.bid_minor > 0 ? Math.floor(value.daily_budget_minor / value.bid_minor) : 0;
  return (
    <>
      <Field label={t("ads.fields.name")} help={t("ads.help.name")} error={problem?.field("name")}>
        {(id, describedBy) => <Input id={id} aria-describedby={describedBy} maxLength={200} value={value.name} onChange={(event) => onChange({ ...value, name: event.target.value })} />}
      </Field>
      <Field label={t("ads.fields.advertiser")} help={t("ads.help.advertiser")} error={problem?.field("advertiser")}>
        {(id, describedBy) => (
          <>
            <Input id={id} aria-describedby={describedBy} list={`${id}-known`} maxLength={200} value={value.advertiser} onChange={(event) => onChange({ ...value, advertiser: event.target.value })} />
            <datalist id={`${id}-known`}>
              {(advertisers.data ?? []).map((item) => (
                <option key={item.id} value={item.id}>
                  {item.document.name}
                </option>
              ))}
            </datalist>
          </>
        )}
      </Field>
      <Field label={t("ads.fields.placements")} help={t("ads.help.placements")} error={problem?.field("placements")}>
        {(id, describedBy) => <WordsInput id={id} describedBy={describedBy} label={t("ads.fields.placements")} options={options} value={value.placements} onChange={(words) => onChange({ ...value, placements: words })} />}
      </Field>
      <Field label={t("ads.fields.bid_minor")} help={t("ads.help.bid")} error={problem?.field("bid_minor")}>
        {(id, describedBy) => <MoneyInput id={id} describedBy={describedBy} value={value.bid_minor} currency={value.currency} onChange={(minor) => onChange({ ...value, bid_minor: minor ?? 0 })} />}
      </Field>
      <Field label={t("ads.fields.daily_budget_minor")} help={t("ads.help.budget", { count: clicks })} error={problem?.field("daily_budget_minor")}>
        {(id, describedBy) => <MoneyInput id={id} describedBy={describedBy} value={value.daily_budget_minor} currency={value.currency} onChange={(minor) => onChange({ ...value, daily_budget_minor: minor ?? 0 })} />}
      </Field>
    </>
  );
}

function Targeting({ value, onChange, problem }: PartProps) {
  const { t } = useTranslation();
  const segments = useAllDocuments("segments");
  const options = (segments.data ?? []).map((item) => ({ value: item.id, label: item.document.name }));
  const put = (change: CampaignDocument["targeting"]) => onChange({ ...value, targeting: { ...value.targeting, ...change } });
  return (
    <>
      <Field label={t("ads.fields.targeting_segments_any")} error={problem?.field("targeting.segments_any")}>
        {(id) => <WordsInput id={id} label={t("ads.fields.targeting_segments_any")} options={options} placeholder={t("ads.everyone")} value={value.targeting.segments_any ?? []} onChange={(words) => put({ segments_any: words })} />}
      </Field>
      <Field label={t("ads.fields.targeting_channels_any")} error={problem?.field("targeting.channels_any")}>
        {(id) => <WordsInput id={id} label={t("ads.fields.targeting_channels_any")} free placeholder={t("ads.allChannels")} options={["web", "app", "store"].map((word) => ({ value: word, label: word }))} value={value.targeting.channels_any ?? []} onChange={(words) => put({ channels_any: words })} />}
      </Field>
      {(["starts_at", "ends_at"] as const).map((name) => (
        <Field key={name} label={t(`ads.fields.${name}`)} error={problem?.field(name)}>
          {(id) => <InstantInput id={id} value={value[name]} onChange={(instant) => onChange({ ...value, [name]: instant })} />}
        </Field>
      ))}
    </>
  );
}
