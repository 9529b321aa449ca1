import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import enFirst from "./en";
import enPages from "./en/pages";
import zhFirst from "./zh";
import zhPages from "./zh/pages";

const [en, zh] = [{ ...enFirst, ...enPages }, { ...zhFirst, ...zhPages }];

const ROOT = join(import.meta.dirname, "../..");
const all = readdirSync(ROOT, { recursive: true, encoding: "utf8" });
const files = all.filter((file) => /\.tsx?$/.test(file)).filter((file) => !/\.test\.|\.d\.ts$|lib\/i18n\/(zh|en)\//.test(file));
const text = new Map(files.map((file) => [file, readFileSync(join(ROOT, file), "utf8")]));

function keysOf(catalogue: object, prefix = ""): string[] {
  return Object.entries(catalogue).flatMap(([name, value]) => (typeof value === "string" ? [prefix + name] : keysOf(value as object, `${prefix}${name}.`)));
}
const plain = (catalogue: object) => [...new Set(keysOf(catalogue).map((key) => key.replace(/_(one|other)$/, "")))].sort();
const valueOf = (catalogue: object, key: string): string | undefined => key.split(".").reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], catalogue) as string | undefined;

describe("both languages", () => {
  it("have the same keys", () => expect(plain(en)).toEqual(plain(zh)));

  it("fill the same places in each sentence", () => {
    const places = (sentence: string) => [...new Set([...sentence.matchAll(/\{\{(\w+)\}\}|\[(\w+)\]/g)].map((found) => found[0]))].sort();
    for (const key of keysOf(en)) {
      const chinese = valueOf(zh, key) ?? valueOf(zh, key.replace(/_(one|other)$/, ""));
      // The fold of a discount (9 折) is a Chinese way to say it.
      const wanted = places(chinese ?? "").filter((place) => place !== "{{fold}}");
      if (!key.endsWith("_one")) expect([key, places(valueOf(en, key) ?? "")]).toEqual([key, wanted]);
    }
  });

  it("hold every key that the code asks for", () => {
    const known = plain(zh);
    for (const [file, source] of text) {
      for (const [, key] of source.matchAll(/\bt\("([^"]+)"|\bof="([^"]+)"/g)) {
        if (key) expect(known, `${key} in ${file}`).toContain(key);
      }
      for (const [, start] of source.matchAll(/\bt\(`([\w.-]+)\$\{/g)) {
        expect(known.some((one) => one.startsWith(start ?? "")), `${start}… in ${file}`).toBe(true);
      }
    }
  });
});

it("the frame and the Overview find all their words in what is loaded first", () => {
  const known = plain(zhFirst);
  const first = [...text].filter(([file]) => /^(app|features\/overview|features\/sign-in|components)\//.test(file));
  for (const [file, source] of first) {
    for (const [, key] of source.matchAll(/\bt\("([^"]+)"/g)) expect(known, `${key} in ${file}`).toContain(key);
  }
});

/** Words that stand in a page's code instead of in the catalogues. */
function strayWords(file: string, source: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node) => {
    if (ts.isJsxText(node) && /\p{Letter}{2,}/u.test(node.text)) found.push(node.text.trim());
    if (ts.isStringLiteralLike(node) && /\p{Script=Han}/u.test(node.text)) found.push(node.text);
    if (ts.isJsxAttribute(node) && ["title", "label", "alt", "placeholder", "aria-label"].includes(node.name.getText()) && node.initializer && ts.isStringLiteral(node.initializer) && node.initializer.text !== "") found.push(node.initializer.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX));
  return found;
}

it("no page speaks on its own", () => {
  // 万 and 亿 are how numbers are written, not words of a page.
  const pages = [...text].filter(([file]) => !file.endsWith("lib/numbers.ts"));
  const stray = pages.map(([file, source]) => [file, strayWords(file, source)] as const).filter(([, words]) => words.length > 0);
  expect(stray).toEqual([]);
});

it("no colour stands outside the theme", () => {
  for (const [file, source] of text) {
    if (!file.endsWith("lib/theme.ts")) expect([file, source.match(/#[0-9a-f]{6}\b/gi)]).toEqual([file, null]);
  }
  for (const file of all.filter((name) => name.endsWith(".css"))) {
    expect([file, readFileSync(join(ROOT, file), "utf8").match(/#[0-9a-f]{3,8}\b|rgba?\(/gi)]).toEqual([file, null]);
  }
});
