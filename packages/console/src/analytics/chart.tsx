import { CartesianGrid, Line, LineChart, Tooltip, XAxis, YAxis, type TooltipContentProps } from 'recharts';
import { formatShort, formatTick } from './format.ts';
import styles from './page.module.css';
import type { Interval } from './search.ts';

/** A point of the chart: texts as they are shown, numbers only to draw it. */
export type ChartPoint = {
  day: string;
  at: string;
  shown: string;
  value: number;
  before?: { at: string; shown: string };
  valueBefore?: number;
};

type ChartProps = {
  label: string;
  /** How it is read by the keyboard. */
  hint: string;
  points: readonly ChartPoint[];
  interval: Interval;
  areWhole: boolean;
};

const tick = { fill: 'var(--text-muted)', fontSize: 12 };

/** Lines over time. Everything that they show stands in the table below too. */
export function Chart({ label, hint, points, interval, areWhole }: ChartProps) {
  return (
    <LineChart
      className={styles.chart}
      responsive
      style={{ width: '100%', height: 200 }}
      data={points}
      title={label}
      desc={hint}
      margin={{ top: 8, right: 28, bottom: 0, left: 0 }}
    >
      <CartesianGrid vertical={false} stroke="var(--line)" />
      <XAxis
        dataKey="day"
        tick={tick}
        tickFormatter={(day: string) => formatTick(interval, day)}
        tickLine={false}
        axisLine={false}
        minTickGap={16}
        interval="equidistantPreserveStart"
        height={24}
      />
      <YAxis
        width="auto"
        tick={tick}
        tickLine={false}
        axisLine={false}
        allowDecimals={!areWhole}
        tickFormatter={formatShort}
      />
      <Tooltip content={Reading} isAnimationActive={false} cursor={{ stroke: 'var(--line-strong)' }} />
      <Line
        dataKey="valueBefore"
        stroke="var(--text-faint)"
        strokeWidth={1.5}
        strokeDasharray="4 4"
        dot={false}
        activeDot={false}
        isAnimationActive={false}
      />
      <Line
        dataKey="value"
        stroke="var(--accent)"
        strokeWidth={2}
        dot={points.length === 1}
        activeDot={{ r: 4, strokeWidth: 0, fill: 'var(--accent)' }}
        isAnimationActive={false}
      />
    </LineChart>
  );
}

/** What the chart says where the pointer or the keyboard is. */
function Reading({ active, payload }: TooltipContentProps) {
  const point = payload[0]?.payload as ChartPoint | undefined;
  if (!active || !point) return null;
  return (
    <div className={styles.reading} role="status">
      <div>
        {point.at}: <strong>{point.shown}</strong>
      </div>
      {point.before && (
        <div className={styles.readingBefore}>
          {point.before.at}: {point.before.shown}
        </div>
      )}
    </div>
  );
}
