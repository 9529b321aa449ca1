import type { Template } from "./templates";

/** How a template changes what is paid: bars are units (what is paid, dashed: what is given), a line is a cart's total. */
const BARS: Partial<Record<Template, number[]>> = {
  nthUnit: [1, 0.5, 1, 0.5],
  buyGet: [1, 1, 0],
  anyN: [0.7, 0.7, 0.7],
  bundle: [0.85, 0.6],
  fixedPrice: [0.6, 0.6, 0.6],
  memberPrice: [0.8, 0.65, 0.75],
  group: [0.6, 0.6, 0.6],
  bargain: [0.9, 0.7, 0.45, 0.2],
  presale: [0.25, 0.6],
};
const CURVES: Partial<Record<Template, string>> = {
  threshold: "M4 40 L52 22 L52 30 L116 6",
  everyThreshold: "M4 40 L36 28 L36 33 L70 20 L70 25 L116 8",
  percent: "M4 40 L116 14",
  fixed: "M4 40 L20 40 L116 8",
  pointsPayment: "M4 40 L116 20",
};
const SIGNS: Partial<Record<Template, string>> = {
  gift: "M48 16 H72 V38 H48 Z M44 10 H76 V16 H44 Z M60 10 V38 M60 10 C52 2 46 6 52 10 M60 10 C68 2 74 6 68 10",
  shipping: "M34 12 H66 V32 H34 Z M66 18 H78 L86 26 V32 H66 Z M44 34 a4 4 0 1 0 .1 0 M76 34 a4 4 0 1 0 .1 0",
  points: "M60 6 L65 17 L77 18 L68 26 L71 38 L60 32 L49 38 L52 26 L43 18 L55 17 Z",
  cashback: "M44 22 A16 14 0 1 1 60 36 M44 22 L38 15 M44 22 L51 16 M60 15 V29 M54 22 H66",
};

/** A picture of a template. */
export function Picture({ template }: { template: Template }) {
  const bars = BARS[template];
  const curve = CURVES[template];
  return (
    <svg className="template-picture" viewBox="0 0 120 44" aria-hidden="true">
      {bars && <Bars heights={bars} />}
      {curve && <path d="M4 40 L116 0" fill="none" stroke="var(--q-line-strong)" strokeDasharray="3 3" />}
      {(curve ?? SIGNS[template]) && <path d={curve ?? SIGNS[template]} fill="none" stroke="currentColor" strokeWidth="2" strokeLinejoin="round" strokeLinecap="round" />}
    </svg>
  );
}

const FULL = 36;
function Bars({ heights }: { heights: number[] }) {
  const left = 60 - (heights.length * 20 - 6) / 2;
  return heights.map((height, at) => (
    <g key={at}>
      <rect x={left + at * 20} y={41 - FULL} width={14} height={FULL} rx={2} fill="none" stroke="var(--q-line-strong)" strokeDasharray="3 3" />
      {height > 0 && <rect x={left + at * 20} y={41 - FULL * height} width={14} height={FULL * height} rx={2} fill="currentColor" opacity={0.85} />}
    </g>
  ));
}
