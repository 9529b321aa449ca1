import { usePreferences } from "@/lib/preferences";
import { tokens } from "@/lib/theme";
import { ChartFrame } from "./Frame";
import { type IntervalRow, reachOf } from "./reach";

interface Props {
  title: string;
  /** Of the files. */
  name: string;
  rows: IntervalRow[];
  format: (value: number) => string;
  /** The same as a table: every cell in words. */
  table: { header: string[]; rows: string[][] };
}

const ROW_PX = 44;
const BAND_PX = 12;
const EDGE = 0.04;

/** Estimates as points on bands, about nothing at all: the band that leaves the middle line out tells a difference. */
export function Intervals({ title, name, rows, format, table }: Props) {
  const { mode } = usePreferences();
  return (
    <ChartFrame title={title} name={name} table={table}>
      <Bands rows={rows} format={format} title={title} colours={tokens[mode]} />
    </ChartFrame>
  );
}

function Bands({ rows, format, title, colours }: Pick<Props, "rows" | "format" | "title"> & { colours: (typeof tokens)["light"] }) {
  const reach = reachOf(rows);
  const at = (value: number) => `${(EDGE + (0.5 - EDGE) * (1 + Math.max(-1, Math.min(1, value / reach)))) * 100}%`;
  const height = rows.length * ROW_PX + 20;
  return (
    <svg role="img" aria-label={`${title}: ${rows.map((row) => `${row.name} ${row.words}`).join("; ")}`} width="100%" height={height} style={{ fontSize: 12 }}>
      <line x1={at(0)} x2={at(0)} y1={0} y2={height - 18} stroke={colours.lineStrong} strokeDasharray="3 3" />
      {rows.map((row, place) => {
        const y = place * ROW_PX;
        const [low, high] = [row.low ?? -Infinity, row.high ?? Infinity];
        const apart = low > 0 || high < 0;
        const colour = apart ? colours.primary : colours.lineStrong;
        return (
          <g key={row.name}>
            <text x="0" y={y + 14} fill={colours.text}>
              {row.name}
            </text>
            <text x="100%" y={y + 14} fill={colours.textSoft} textAnchor="end">
              {row.words}
            </text>
            <rect x={at(low)} y={y + 22} width={`${Number.parseFloat(at(high)) - Number.parseFloat(at(low))}%`} height={BAND_PX} rx={3} fill={colour} fillOpacity={0.22} stroke={colour} strokeDasharray={apart ? undefined : "4 3"} />
            <circle cx={at(row.value)} cy={y + 22 + BAND_PX / 2} r={4.5} fill={colour} />
          </g>
        );
      })}
      {[-reach, 0, reach].map((value, place) => (
        <text key={value} x={at(value)} y={height - 4} fill={colours.textSoft} textAnchor={(["start", "middle", "end"] as const)[place]}>
          {format(value)}
        </text>
      ))}
    </svg>
  );
}
