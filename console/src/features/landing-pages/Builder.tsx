import { RedoOutlined, UndoOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { checkLandingPage } from "@/api/landing-check";
import { type ApiError, asApiError } from "@/api/problem";
import { useTransition } from "@/api/documents/hooks";
import { useMayWrite } from "@/api/session-hook";
import type { Finding, Item, LandingPageDocument } from "@/api/types";
import { Page } from "@/components/Page";
import { Restored } from "@/components/Restored";
import { StateTag } from "@/components/StateTag";
import { Failure } from "@/components/states";
import { useConfirm } from "@/components/useConfirm";
import { useMoves } from "@/components/useMoves";
import { tell } from "@/lib/notes";
import { useShortcuts } from "@/lib/shortcuts";
import { clockText } from "@/lib/time";
import { useParameter } from "@/lib/url";
import { BlockForm } from "./BlockForm";
import { BlockList } from "./BlockList";
import { type Block, type BlockType, newBlock } from "./blocks";
import { Findings } from "./Findings";
import { useKnown } from "./known";
import { PageForm } from "./PageForm";
import { Preview } from "./Preview";
import { Scan } from "./Scan";
import { type BuilderState, useBuilder } from "./useBuilder";

interface Props {
  item: Item<LandingPageDocument>;
  tabs: { id: string; label: string }[];
  back: { to: string; label: string };
}

const PARTS = ["blocks", "form", "preview"] as const;

/** The builder: blocks at the left, the page as visitors see it, and the form of what is selected. */
export function BuilderPage({ item, tabs, back }: Props) {
  const { t } = useTranslation();
  const builder = useBuilder(item, t("landing.autosaved"));
  const [found, setFound] = useState<Finding[]>([]);
  const fixed = !useMayWrite() || item.state === "archived";
  const path = item.state === "live" ? `/p/${item.document.slug}` : null;
  return (
    <Page
      title={builder.value.name || item.document.name}
      back={back}
      status={
        <>
          <StateTag state={item.state} />
          <SaveState builder={builder} live={item.state === "live"} />
        </>
      }
      action={
        <>
          <Scan id={item.id} path={builder.isDirty ? null : path} />
          {!fixed && <Steps builder={builder} />}
          {!fixed && <Moves item={item} builder={builder} onFound={setFound} />}
        </>
      }
      tabs={tabs}
      tab="build"
    >
      {builder.restored && builder.isDirty && <Restored onDrop={builder.drop} />}
      {builder.problem && builder.problem.fields.length === 0 && <Failure error={builder.problem} />}
      <Findings found={found} page={builder.value} />
      <Parts item={item} builder={builder} fixed={fixed} />
    </Page>
  );
}

function SaveState({ builder, live }: { builder: BuilderState; live: boolean }) {
  const { t } = useTranslation();
  const words = () => {
    if (builder.isSaving) return t("landing.saving");
    if (builder.problem) return t("landing.notSaved");
    if (builder.isDirty) return t(live ? "landing.notPublished" : "landing.savesSoon");
    return builder.storedMs === null ? "" : t("landing.savedAt", { time: clockText(builder.storedMs) });
  };
  return (
    <span className="note" role="status">
      {words()}
    </span>
  );
}

function Steps({ builder }: { builder: BuilderState }) {
  const { t } = useTranslation();
  const { undo, redo } = builder;
  useShortcuts(
    useMemo(
      () => [
        { keys: "mod+z", label: "landing.undo", run: undo },
        { keys: "mod+y", label: "landing.redo", run: redo },
      ],
      [undo, redo],
    ),
  );
  return (
    <>
      <Button icon={<UndoOutlined />} aria-label={t("landing.undo")} title={t("landing.undo")} disabled={!builder.mayUndo} onClick={undo} />
      <Button icon={<RedoOutlined />} aria-label={t("landing.redo")} title={t("landing.redo")} disabled={!builder.mayRedo} onClick={redo} />
    </>
  );
}

/** Publish, after what was found; a live page is brought up to date the same way. */
function Moves({ item, builder, onFound }: { item: Item<LandingPageDocument>; builder: BuilderState; onFound: (found: Finding[]) => void }) {
  const { t } = useTranslation();
  const confirm = useConfirm();
  const { move } = useMoves({ kind: "landing-pages", words: "landing" });
  const transition = useTransition("landing-pages");
  const [busy, setBusy] = useState(false);
  const live = item.state === "live";
  const verb = t(live ? "landing.update" : "act.publish");
  const go = async () => {
    if (!live) await transition.mutateAsync({ id: item.id, to: "publish" });
    else if (!(await builder.save(t("landing.updated")))) return;
    tell({ kind: "done", title: t(live ? "landing.updated" : "done.publish") });
    onFound([]);
  };
  const ask = async () => {
    setBusy(true);
    try {
      if (!live && builder.isDirty && !(await builder.save())) return;
      const found = await checkLandingPage(builder.value);
      onFound(found);
      if (found.some((one) => one.level === "error")) return;
      const touches = (
        <>
          <p>{t("landing.move.touches.publish")}</p>
          <p>
            <code>/p/{builder.value.slug}</code>
          </p>
          <Findings found={found} page={builder.value} />
        </>
      );
      confirm({ title: t("landing.move.title.publish", { name: builder.value.name }), touches, undo: t("landing.move.undo.publish"), verb, run: go });
    } catch (error) {
      const problem = asApiError(error);
      tell({ kind: "failed", title: problem.title, detail: problem.fields.map((field) => field.detail).join(" · ") || problem.detail });
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button danger type="text" onClick={() => move(item, "archive")}>
        {t("act.archive")}
      </Button>
      {live && <Button onClick={() => move(item, "pause")}>{t("act.pause")}</Button>}
      <Button type="primary" loading={busy || transition.isPending} disabled={live && !builder.isDirty} onClick={() => void ask()}>
        {verb}
      </Button>
    </>
  );
}

/** Side by side at a desk; one after the other on a phone. */
function Parts({ item, builder, fixed }: { item: Item<LandingPageDocument>; builder: BuilderState; fixed: boolean }) {
  const { t } = useTranslation();
  const [part, setPart] = useParameter("part", "blocks");
  const [selected, setSelected] = useState("");
  const [wrong, setWrong] = useState<ApiError | null>(null);
  const known = useKnown();
  const { value, put } = builder;
  const problem = builder.problem?.fields.length ? builder.problem : wrong;
  const at = value.blocks.findIndex((block) => block.id === selected);
  const block = value.blocks[at];
  const putBlocks = (blocks: Block[], next = selected) => {
    put({ ...value, blocks });
    setSelected(next);
  };
  const add = (type: BlockType) => {
    const made = newBlock(type, value.blocks, known);
    const place = at < 0 ? value.blocks.length : at + 1;
    putBlocks([...value.blocks.slice(0, place), made, ...value.blocks.slice(place)], made.id);
    setPart("form");
  };
  const choose = useCallback(
    (id: string) => {
      setSelected(id);
      setPart("form");
    },
    [setPart],
  );
  return (
    <>
      <div className="segments parts" role="group" aria-label={t("landing.parts")}>
        {PARTS.map((name) => (
          <button key={name} type="button" aria-pressed={name === part} onClick={() => setPart(name)}>
            {t(`landing.part.${name}`)}
          </button>
        ))}
      </div>
      <div className="builder" data-part={part}>
        <section className="card builder-blocks" aria-label={t("landing.blockList")}>
          <button type="button" className="block-name page-settings" aria-pressed={block === undefined} onClick={() => choose("")}>
            <strong>{t("landing.settings")}</strong> <span>/p/{value.slug}</span>
          </button>
          <BlockList blocks={value.blocks} selected={selected} problem={problem} fixed={fixed} onSelect={choose} onChange={putBlocks} onAdd={add} />
        </section>
        <section className="card builder-form" aria-label={t("landing.part.form")}>
          <h2>{block ? t(`landing.blocks.${block.type}`) : t("landing.settings")}</h2>
          <fieldset disabled={fixed} className="plain-fieldset">
            {block ? (
              <BlockForm key={block.id} block={block} path={`blocks[${at}]`} page={value} problem={problem} onChange={(next) => put({ ...value, blocks: value.blocks.with(at, next) }, block.id)} />
            ) : (
              <PageForm page={value} problem={problem} onChange={(next) => put(next, "page")} />
            )}
          </fieldset>
        </section>
        <Preview id={item.id} page={value} selected={selected} onSelect={choose} onProblem={setWrong} />
      </div>
    </>
  );
}
