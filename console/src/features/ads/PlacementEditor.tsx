import { useParams } from "@tanstack/react-router";
import { Button, Input } from "antd";
import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import { useDocument } from "@/api/documents/hooks";
import { useMayWrite } from "@/api/session-hook";
import type { Item, PlacementDocument } from "@/api/types";
import { describer } from "@/components/describe";
import { DocumentActions } from "@/components/DocumentActions";
import { Field } from "@/components/Field";
import { History } from "@/components/History";
import { MoneyInput } from "@/components/inputs";
import { Page } from "@/components/Page";
import { Restored } from "@/components/Restored";
import { StateTag } from "@/components/StateTag";
import { Failure, Loaded, Waiting } from "@/components/states";
import { useDocumentForm } from "@/components/useDocumentForm";
import { useMoves } from "@/components/useMoves";
import { useParameter } from "@/lib/url";

export function NewPlacement() {
  const { currency, known } = useCurrency();
  return known ? <Editor key={currency} start={{ name: "", floor_minor: 1, currency }} /> : <Waiting />;
}

export function Placement() {
  const { id } = useParams({ strict: false }) as { id: string };
  const item = useDocument("placements", id);
  return <Loaded query={item}>{(loaded) => <Editor key={loaded.revision} item={loaded} start={loaded.document} />}</Loaded>;
}

function Editor({ item, start }: { item?: Item<PlacementDocument>; start: PlacementDocument }) {
  const { t } = useTranslation();
  const form = useDocumentForm({ kind: "placements", item, start, base: "/ads/placements" });
  const { move } = useMoves({ kind: "placements", words: "placements" });
  const mayWrite = useMayWrite();
  const [tab] = useParameter("tab", "rule");
  const fixed = !mayWrite || item?.state === "archived";
  const save = (
    <Button type="primary" loading={form.busy} onClick={form.save}>
      {t(item ? "act.saveRevision" : "act.saveDraft")}
    </Button>
  );
  return (
    <Page
      title={item?.document.name ?? t("placements.create")}
      back={{ to: "/ads", extra: { tab: "placements" }, label: t("ads.tabs.placements") }}
      status={item && <StateTag state={item.state} />}
      action={
        !fixed && (
          <>
            {item && <DocumentActions<"placements"> item={item} move={move} />}
            {save}
          </>
        )
      }
      {...(item ? { tabs: ["rule", "history"].map((id) => ({ id, label: t(`tabs.${id}`) })) } : {})}
    >
      {item && tab === "history" ? (
        <section className="card">
          <History kind="placements" id={item.id} describe={describer(t, "placements.fields", item.document.currency)} />
        </section>
      ) : (
        <>
          {form.restored && <Restored onDrop={form.drop} />}
          {form.problem && <Failure error={form.problem} />}
          <section className="card form narrow">
            <Field label={t("placements.fields.name")} help={t("placements.help.name")} error={form.problem?.field("name")}>
              {(id, describedBy) => <Input id={id} aria-describedby={describedBy} maxLength={200} disabled={fixed} value={form.value.name} onChange={(event) => form.change({ ...form.value, name: event.target.value })} />}
            </Field>
            <Field label={t("placements.fields.floor_minor")} help={t("placements.help.floor_minor")} error={form.problem?.field("floor_minor")}>
              {(id, describedBy) => <MoneyInput id={id} describedBy={describedBy} disabled={fixed} value={form.value.floor_minor} currency={form.value.currency} onChange={(minor) => form.change({ ...form.value, floor_minor: minor ?? 0 })} />}
            </Field>
            {item && (
              <Field label={t("placements.id")} help={t("placements.idHelp")}>
                {(id) => <Input id={id} readOnly value={item.id} />}
              </Field>
            )}
          </section>
        </>
      )}
    </Page>
  );
}
