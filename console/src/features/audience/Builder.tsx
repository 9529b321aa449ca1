import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSave, useTransition } from "@/api/documents/hooks";
import { type ApiError, asApiError } from "@/api/problem";
import { useMayWrite } from "@/api/session-hook";
import type { Item, SegmentDocument } from "@/api/types";
import { describer } from "@/components/describe";
import { Field } from "@/components/Field";
import { History } from "@/components/History";
import { Json } from "@/components/Json";
import { Page } from "@/components/Page";
import { StateTag } from "@/components/StateTag";
import { StoredDocument } from "@/components/StoredDocument";
import { Failure } from "@/components/states";
import { useConfirm } from "@/components/useConfirm";
import { useDraft } from "@/lib/drafts";
import { tell } from "@/lib/notes";
import { useGo, useParameter } from "@/lib/url";
import { Chips } from "./Chips";
import { blank, toExpression, toGroup } from "./fields";
import { Reach } from "./Reach";

const START: SegmentDocument = { name: "", expression: toExpression({ join: "all", conditions: [{ ...blank("recency_days"), op: "<=" }, { ...blank("orders"), value: 1 }] }) };

export function NewSegment() {
  return <Builder start={START} draft="segment.new" />;
}

export function EditSegment() {
  return (
    <StoredDocument kind="segments" back={useBack()}>
      {(item) => <Builder key={item.revision} item={item} start={item.document} draft={`segment.${item.id}.${item.revision}`} />}
    </StoredDocument>
  );
}

function useBack() {
  const { t } = useTranslation();
  return { to: "/audience", label: t("stages.audience") };
}

function Builder({ item, start, draft }: { item?: Item<SegmentDocument>; start: SegmentDocument; draft: string }) {
  const { t } = useTranslation();
  const form = useDraft(draft, start);
  const [tab] = useParameter("tab", "rule");
  const [problem, setProblem] = useState<ApiError | null>(null);
  const group = toGroup(form.value.expression);
  const tabs = item ? { tabs: ["rule", "history"].map((id) => ({ id, label: t(`tabs.${id}`) })) } : {};
  return (
    <Page
      title={item?.document.name ?? t("audience.create")}
      back={useBack()}
      status={item && <StateTag state={item.state} />}
      action={<Actions {...(item ? { item } : {})} document={form.value} onProblem={setProblem} forget={form.forget} />}
      {...tabs}
    >
      {item && tab === "history" ? (
        <section className="card">
          <History kind="segments" id={item.id} describe={describer(t, "audience.fields", "CNY")} />
        </section>
      ) : (
        <div className="two">
          <section className="card form">
            {problem && <Failure error={problem} />}
            <Field label={t("audience.fields.name")} help={t("audience.help.name")} error={problem?.field("name")}>
              {(id, describedBy) => <Input id={id} aria-describedby={describedBy} maxLength={100} value={form.value.name} onChange={(event) => form.change({ ...form.value, name: event.target.value })} />}
            </Field>
            {group ? (
              <Chips group={group} onChange={(next) => form.change({ ...form.value, expression: toExpression(next) })} />
            ) : (
              <>
                <p className="note">{t("audience.tooDeep")}</p>
                <Json value={form.value.expression} open />
              </>
            )}
          </section>
          <Reach expression={form.value.expression} />
        </div>
      )}
    </Page>
  );
}

interface ActionProps {
  item?: Item<SegmentDocument>;
  document: SegmentDocument;
  onProblem: (problem: ApiError | null) => void;
  forget: () => void;
}

function Actions({ item, document, onProblem, forget }: ActionProps) {
  const { t } = useTranslation();
  const go = useGo();
  const confirm = useConfirm();
  const saving = useSave("segments");
  const transition = useTransition("segments");
  if (!useMayWrite()) return null;
  const save = async () => {
    try {
      const saved = await saving.mutateAsync({ document, ...(item ? { id: item.id, revision: item.revision } : {}) });
      forget();
      onProblem(null);
      tell({ kind: "done", title: t("form.saved") });
      go(`/audience/${saved.id}`);
    } catch (error) {
      onProblem(asApiError(error));
    }
  };
  const next = item?.state === "live" ? "pause" : "publish";
  const move = (to: "publish" | "pause") =>
    item &&
    confirm({
      title: t(`audience.move.title.${to}`, { name: item.document.name }),
      touches: <p>{t(`audience.move.touches.${to}`)}</p>,
      undo: t(`audience.move.undo.${to}`),
      verb: t(`act.${to}`),
      run: () => transition.mutateAsync({ id: item.id, to }),
    });
  return (
    <>
      {item && item.state !== "archived" && <Button onClick={() => move(next)}>{t(`act.${next}`)}</Button>}
      <Button type="primary" loading={saving.isPending} onClick={() => void save()}>
        {t(item ? "act.saveRevision" : "act.saveDraft")}
      </Button>
    </>
  );
}
