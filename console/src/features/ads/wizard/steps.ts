export const STEPS = ["goal", "goods", "audience", "budget", "creatives", "review"] as const;
export type Step = (typeof STEPS)[number];

export const isStep = (name: string): name is Step => (STEPS as readonly string[]).includes(name);

/** Which step each part of the document is written on. */
const PLACES: [RegExp, Step][] = [
  [/^(targeting|caps)/, "audience"],
  [/^creatives/, "creatives"],
  [/^name/, "review"],
];

/** The step of a field that the server refused. */
export function stepOf(path: string): Step {
  const name = path.replace(/^document\./, "");
  return PLACES.find(([pattern]) => pattern.test(name))?.[1] ?? "budget";
}
