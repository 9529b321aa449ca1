import { ArrowDownOutlined, ArrowUpOutlined, CopyOutlined, DeleteOutlined, HolderOutlined, PlusOutlined } from "@ant-design/icons";
import { type DragEvent, type KeyboardEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ApiError } from "@/api/problem";
import { Actions, Popup } from "@/components/Popup";
import { BLOCK_TYPES, type Block, type BlockType, moved, summaryOf } from "./blocks";

interface Props {
  blocks: readonly Block[];
  selected: string;
  problem: ApiError | null;
  fixed: boolean;
  onSelect: (id: string) => void;
  onChange: (blocks: Block[], selected?: string) => void;
  onAdd: (type: BlockType) => void;
}

/** The blocks in order: dragged by hand, or moved with the buttons or Alt and the arrow keys. */
export function BlockList({ blocks, selected, problem, fixed, onSelect, onChange, onAdd }: Props) {
  const { t } = useTranslation();
  const [dragged, setDragged] = useState<number | null>(null);
  const [over, setOver] = useState<number | null>(null);
  const move = (from: number, to: number) => {
    if (to >= 0 && to < blocks.length && from !== to) onChange(moved(blocks, from, to), blocks[from]?.id);
  };
  const drop = (event: DragEvent, to: number) => {
    event.preventDefault();
    if (dragged !== null) move(dragged, to);
    setDragged(null);
    setOver(null);
  };
  const onKeyDown = (event: KeyboardEvent, at: number) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step || !event.altKey || fixed) return;
    event.preventDefault();
    move(at, at + step);
  };
  return (
    <>
      <ol className="block-list" aria-label={t("landing.blockList")}>
        {blocks.map((block, at) => (
          <li
            key={block.id}
            draggable={!fixed}
            className={over === at && dragged !== at ? "over" : ""}
            aria-current={block.id === selected ? "true" : undefined}
            onDragStart={() => setDragged(at)}
            onDragOver={(event) => {
              event.preventDefault();
              setOver(at);
            }}
            onDragEnd={() => setOver(null)}
            onDrop={(event) => drop(event, at)}
          >
            <HolderOutlined aria-hidden="true" />
            <button type="button" className="block-name" onClick={() => onSelect(block.id)} onKeyDown={(event) => onKeyDown(event, at)} title={t("landing.moveHint")}>
              <strong>{t(`landing.blocks.${block.type}`)}</strong> <span>{summaryOf(block)}</span>
              {isWrong(problem, at) && <span className="wrong-mark">{t("landing.toMend")}</span>}
            </button>
            {block.id === selected && !fixed && <Tools at={at} block={block} blocks={blocks} move={move} onChange={onChange} />}
          </li>
        ))}
      </ol>
      {!fixed && (
        <Popup label={t("landing.add")} icon={<><PlusOutlined /> {t("landing.add")}</>}>
          {(close) => <Actions close={close} choices={BLOCK_TYPES.map((type) => ({ key: type, label: <BlockChoice type={type} />, run: () => onAdd(type) }))} />}
        </Popup>
      )}
    </>
  );
}

const isWrong = (problem: ApiError | null, at: number) => problem?.fields.some((field) => field.path.replace(/^document\./, "").startsWith(`blocks[${at}]`)) ?? false;

function BlockChoice({ type }: { type: BlockType }) {
  const { t } = useTranslation();
  return (
    <>
      <strong>{t(`landing.blocks.${type}`)}</strong> <span className="note">{t(`landing.about.${type}`)}</span>
    </>
  );
}

interface ToolsProps {
  at: number;
  block: Block;
  blocks: readonly Block[];
  move: (from: number, to: number) => void;
  onChange: (blocks: Block[], selected?: string) => void;
}

function Tools({ at, block, blocks, move, onChange }: ToolsProps) {
  const { t } = useTranslation();
  const copy = () => {
    let id = `${block.id}-copy`.slice(0, 40);
    for (let number = 2; blocks.some((one) => one.id === id); number += 1) id = `${block.id}-copy-${number}`.slice(0, 40);
    onChange([...blocks.slice(0, at + 1), { ...structuredClone(block), id }, ...blocks.slice(at + 1)], id);
  };
  const remove = () => onChange(blocks.filter((_, place) => place !== at), blocks[at + 1]?.id ?? blocks[at - 1]?.id ?? "");
  const tools = [
    { name: "up", icon: <ArrowUpOutlined />, run: () => move(at, at - 1), off: at === 0 },
    { name: "down", icon: <ArrowDownOutlined />, run: () => move(at, at + 1), off: at === blocks.length - 1 },
    { name: "copy", icon: <CopyOutlined />, run: copy, off: false },
    { name: "remove", icon: <DeleteOutlined />, run: remove, off: blocks.length === 1 },
  ];
  return (
    <span className="block-tools">
      {tools.map(({ name, icon, run, off }) => (
        <button key={name} type="button" className="icon" disabled={off} aria-label={t(`landing.tools.${name}`)} title={t(`landing.tools.${name}`)} onClick={run}>
          {icon}
        </button>
      ))}
    </span>
  );
}
