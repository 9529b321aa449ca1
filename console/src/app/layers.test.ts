// @vitest-environment node
import { ESLint } from "eslint";
import { expect, test } from "vitest";

const root = new URL("../..", import.meta.url).pathname;

/** What the rules say of one import, written in a file of some folder. */
async function said(folder: string, imported: string): Promise<string> {
  const eslint = new ESLint({ cwd: root });
  const [found] = await eslint.lintText(`import "${imported}";\n`, { filePath: `${root}src/${folder}/Sample.ts` });
  return found?.messages.map((one) => one.message).join() ?? "";
}

test.each([
  ["features/imports", "@/features/data/Flow"],
  ["features/data", "@/features/imports/Outcome"],
  ["features/data", "../imports/Outcome"],
  ["features/data", "@/app/Frame"],
])("%s may not know %s", async (folder, imported) => {
  expect(await said(folder, imported)).toContain("Features are strangers to each other.");
});

test("features share what lies in components", async () => {
  expect(await said("features/imports", "@/components/DataPage")).toBe("");
});
