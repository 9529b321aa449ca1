/** Blocks and pages to start from. Their words stand in both languages, as data. */
import type { LandingBlock, LandingPageDocument } from "@/api/types";
import { freshId, nowMs } from "@/lib/clock";
import { preferences } from "@/lib/preferences";
import { DAY_MS, dayStartMs, rfc3339 } from "@/lib/time";
import data from "./templates.json";

export type BlockType = LandingBlock["type"];
export type Block<T extends BlockType = BlockType> = Extract<LandingBlock, { type: T }>;
export type Words = LandingPageDocument["title"];
export type Picture = NonNullable<Block<"image">["image"]>;

/** What can be put on a page, in the order of the palette. */
export const BLOCK_TYPES: readonly BlockType[] = ["hero", "coupon", "countdown", "goods", "flash_sale", "promotion_bar", "text", "image", "rules", "tabs", "spacer"];
export const THEMES = ["red", "orange", "gold", "green", "blue", "purple", "ink"] as const;
export const TEMPLATES = data.pages.map((page) => page.id);

/** What of the shop a new page can name. */
export interface Known {
  batches: string[];
  promotions: string[];
  sales: string[];
  goodsUrl: string | null;
  signInUrl: string | null;
}

/** The midnight that ends the day so many days from now. */
const midnightAfter = (days: number): string => rfc3339(dayStartMs(nowMs() + (days + 1) * DAY_MS));

/** A block ready to be shown, under an id that the page does not have yet. */
export function newBlock(type: BlockType, others: readonly Block[], known: Known): Block {
  const word = type.replace("_", "-");
  const taken = new Set(others.map((block) => block.id));
  let id: string = word;
  for (let number = 2; taken.has(id); number += 1) id = `${word}-${number}`;
  const block = filled({ ...structuredClone(data.blocks[type]), id } as Block, known, 7);
  return block.type === "tabs" ? { ...block, items: tabsTo(others) } : block;
}

/** Tabs to the first blocks that have a word to go by. */
const tabsTo = (blocks: readonly Block[]): Block<"tabs">["items"] =>
  blocks
    .map((block) => ({ block: block.id, word: summaryOf(block).slice(0, 12) }))
    .filter((one) => one.word !== "")
    .slice(0, 4)
    .map(({ block, word }) => ({ block, label: { zh: word, en: "" } }));

/** The block with what only this shop knows: a batch, a sale, a time that lies ahead. */
function filled(block: Block, known: Known, days: number): Block {
  switch (block.type) {
    case "coupon":
      return { ...block, batch: known.batches[0] ?? "" };
    case "promotion_bar":
      return { ...block, promotions: known.promotions.slice(0, 3) };
    case "flash_sale":
      return { ...block, sale: known.sales[0] ?? "" };
    case "countdown":
      return { ...block, until: midnightAfter(days) };
    case "image":
      return { ...block, image: { url: "" } };
    default:
      return block;
  }
}

/** Whether everything is there that the block names; a template leaves the others out. */
function isWhole(block: Block): boolean {
  if (block.type === "coupon") return block.batch !== "";
  if (block.type === "promotion_bar") return block.promotions.length > 0;
  return block.type !== "flash_sale" || block.sale !== "";
}

/** A whole page of a template, which can be published as it stands. */
export function newPage(template: string, known: Known): LandingPageDocument {
  const found = data.pages.find((page) => page.id === template) ?? data.pages[0];
  if (!found) throw new Error("there is no template");
  const { slug, theme, days, name, title, share, blocks } = structuredClone(found);
  const whole = (blocks as unknown as Block[]).map((block) => filled(block, known, days)).filter(isWhole);
  const ids = new Set(whole.map((block) => block.id));
  const kept = whole.map((block) => (block.type === "tabs" ? { ...block, items: block.items.filter((tab) => ids.has(tab.block)) } : block));
  return {
    name,
    slug: `${slug}-${freshId().slice(0, 4)}`,
    title,
    theme: theme as LandingPageDocument["theme"],
    share: { text: share, image: null },
    goods_url: known.goodsUrl,
    sign_in_url: known.signInUrl,
    starts_at: null,
    ends_at: null,
    consent: "implied",
    blocks: kept,
  };
}

/** A page of one hero. */
export function blankPage(known: Known): LandingPageDocument {
  const page = newPage("brand", known);
  return { ...page, share: {}, blocks: page.blocks.filter((block) => block.type === "hero") };
}

/** A text in the reader's language, as visitors of it would see it. */
const read = (words: Words | null | undefined): string => (preferences().language === "en" && words?.en ? words.en : (words?.zh ?? ""));

/** What a block says of itself in a list: its first words, or what it names. */
export function summaryOf(block: Block): string {
  switch (block.type) {
    case "hero":
      return read(block.heading);
    case "text":
      return read(block.heading ?? block.text);
    case "goods":
      return read(block.title) || (block.category ?? block.tag ?? "");
    case "flash_sale":
      return read(block.title) || block.sale;
    case "promotion_bar":
      return block.promotions.join(", ");
    case "tabs":
      return block.items.map((tab) => read(tab.label)).join(" · ");
    case "image":
      return read(block.image.alt);
    case "spacer":
      return "";
    default:
      return read(block.title);
  }
}

/** The list with one item moved to another place. */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const rest = list.filter((_, at) => at !== from);
  const item = list[from];
  return item === undefined ? [...list] : [...rest.slice(0, to), item, ...rest.slice(to)];
}
