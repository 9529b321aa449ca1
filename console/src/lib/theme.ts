/** Every colour and size of the console, light and dark under the same names. */

export type Mode = "light" | "dark";

export interface Tokens {
  ground: string;
  surface: string;
  sunken: string;
  hover: string;
  line: string;
  lineStrong: string;
  text: string;
  textSoft: string;
  primary: string;
  primaryHover: string;
  primarySoft: string;
  onPrimary: string;
  red: string;
  green: string;
  amber: string;
  redSoft: string;
  greenSoft: string;
  amberSoft: string;
  series: readonly string[];
}

export const tokens: Record<Mode, Tokens> = {
  light: {
    ground: "#f4f5f7",
    surface: "#ffffff",
    sunken: "#f8f9fa",
    hover: "#eef2f8",
    line: "#e2e5ea",
    lineStrong: "#8a93a0",
    text: "#16191d",
    textSoft: "#545c68",
    primary: "#0958d9",
    primaryHover: "#003eb3",
    primarySoft: "#e8f0fe",
    onPrimary: "#ffffff",
    red: "#c4232b",
    green: "#12733a",
    amber: "#8a5a00",
    redSoft: "#fdecec",
    greenSoft: "#e6f5ec",
    amberSoft: "#fdf3dc",
    series: ["#0958d9", "#b5451b", "#12733a", "#7a3fb0", "#8a5a00", "#0f7285"],
  },
  dark: {
    ground: "#0e1114",
    surface: "#161a1f",
    sunken: "#12161a",
    hover: "#20262e",
    line: "#2a3038",
    lineStrong: "#7d8794",
    text: "#e7eaee",
    textSoft: "#a4adb9",
    primary: "#6ba5ff",
    primaryHover: "#95bfff",
    primarySoft: "#1a2a44",
    onPrimary: "#0b1524",
    red: "#ff8a84",
    green: "#5ecb85",
    amber: "#e3b341",
    redSoft: "#3a1d1f",
    greenSoft: "#16301f",
    amberSoft: "#332910",
    series: ["#6ba5ff", "#ff9d6e", "#5ecb85", "#c79bf2", "#e3b341", "#5fc6d8"],
  },
};

export const sizes = {
  unit: 4,
  body: 14,
  note: 12,
  title: 20,
  key: 28,
  row: 32,
  radius: 6,
} as const;

export const fonts = {
  text: 'system-ui, -apple-system, "Segoe UI", Roboto, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif',
  code: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Noto Sans Mono CJK SC", monospace',
} as const;

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Write the tokens of a mode to the root element as `--q-*`, for the style sheets. */
export function applyTokens(mode: Mode, root: HTMLElement): void {
  root.dataset.mode = mode;
  root.style.colorScheme = mode;
  for (const [name, value] of Object.entries(tokens[mode])) {
    if (typeof value === "string") root.style.setProperty(`--q-${kebab(name)}`, value);
  }
  root.style.setProperty("--q-font", fonts.text);
  root.style.setProperty("--q-font-code", fonts.code);
}

/** Relative luminance contrast of two `#rrggbb` colours, 1 to 21 (WCAG 2). */
export function contrast(one: string, other: string): number {
  const luminance = (hex: string) => {
    const channel = (at: number) => {
      const value = parseInt(hex.slice(at, at + 2), 16) / 255;
      return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    };
    return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
  };
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (high + 0.05) / (low + 0.05);
}
