interface Props {
  values: (number | null)[];
  before?: (number | null)[];
  label: string;
}

const WIDTH = 120;
const HEIGHT = 28;

/** A small line without axes; the compared period dashed behind it. */
export function Spark({ values, before = [], label }: Props) {
  const all = [...values, ...before].filter((value) => value !== null);
  const length = Math.max(values.length, before.length, 2);
  const low = Math.min(...all, 0);
  const high = Math.max(...all, low + 1e-9);
  const points = (line: (number | null)[]) =>
    line
      .flatMap((value, at) => (value === null ? [] : [[((at + 0.5) / length) * WIDTH, HEIGHT - 2 - ((value - low) / (high - low)) * (HEIGHT - 4)] as const]))
      .map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`)
      .join(" ");
  return (
    <svg className="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label} preserveAspectRatio="none">
      {before.length > 1 && <polyline points={points(before)} className="spark-before" />}
      {values.length > 1 && <polyline points={points(values)} className="spark-now" />}
    </svg>
  );
}
