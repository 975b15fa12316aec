import { ClientelaError } from '@clientela/client';
import { useQuery } from '@tanstack/react-query';
import type { TFunction } from 'i18next';
import { lazy, Suspense, useDeferredValue } from 'react';
import { useTranslation } from 'react-i18next';
import { Failure } from '../ui/failure.tsx';
import { formatMoney, formatNumber } from '../ui/format.ts';
import { Notice } from '../ui/notice.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import type { ChartPoint } from './chart.tsx';
import { formatChange, formatInterval, formatRange, rawInterval } from './format.ts';
import styles from './page.module.css';
import type { Plan } from './period.ts';
import { seriesQuery, type Metric, type SeriesData } from './queries.ts';
import { Section, type Figures } from './section.tsx';
import { addUp, changeOf, highest, isNothing, type Value } from './series.ts';

const Chart = lazy(() => import('./chart.tsx').then((module) => ({ default: module.Chart })));

/** A change as large as this is of something that was next to nothing. */
const notable = 10;

const isElsewhere = (error: unknown) => error instanceof ClientelaError && error.code === 'REPORTED_ELSEWHERE';
const formatValue = (value: Value) => (typeof value === 'string' ? formatMoney(value, '').number : formatNumber(value));

type SeriesSectionProps = { metric: Metric; plan: Plan; table: { isOpen: boolean; onToggle: () => void } };

/** One metric over the period, with the period before. */
export function SeriesSection({ metric, plan, table }: SeriesSectionProps) {
  const { t } = useTranslation();
  const { data, error, refetch, isPlaceholderData } = useQuery(seriesQuery(metric, plan));
  const title = t(`analytics.chart.${metric}`);
  const unit = data?.currency !== undefined && metric === 'order_value' ? data.currency : undefined;
  return (
    <Section
      name={metric}
      title={title}
      figures={data && figuresOf(data, unit === undefined ? title : `${title} (${unit})`, t)}
      table={table}
      isStale={isPlaceholderData}
    >
      {isElsewhere(error) ? (
        <Notice>{t(`analytics.elsewhere.${metric === 'complaints' ? 'complaints' : 'orders'}`)}</Notice>
      ) : (
        error && <Failure error={error} onRetry={() => void refetch()} />
      )}
      {!error && !data && <Skeleton lines={5} height={32} />}
      {data && <Drawing metric={metric} title={title} unit={unit} data={data} />}
    </Section>
  );
}

type DrawingProps = { metric: Metric; title: string; unit: string | undefined; data: SeriesData };

function Drawing({ metric, title, unit, data: { plan, rows } }: DrawingProps) {
  const { t } = useTranslation();
  const isDrawn = useDeferredValue(true, false); // figures and sentences are there at once, charts after them
  const total = addUp(rows.map(({ value }) => value));
  const before = plan.before && addUp(rows.map(({ before }) => before?.value ?? 0));
  const change = before === undefined ? undefined : changeOf(total, before);
  return (
    <>
      <p className={styles.total}>
        {formatValue(total)} {unit !== undefined && <span className={styles.unit}>{unit}</span>}
        {change !== undefined && change < notable && <span className={styles.change}>{formatChange(change)}</span>}
      </p>
      <p className={styles.summary}>{summarize({ metric, plan, rows, unit }, total, before, t)}</p>
      {isNothing(rows) ? (
        <p className={styles.nothing}>{t('analytics.nothing')}</p>
      ) : (
        <Suspense fallback={<div className={styles.space} />}>
          {plan.before && <Legend />}
          {isDrawn ? (
            <Chart
              label={title}
              hint={t('analytics.chartHint')}
              points={rows.map((row) => pointOf(row, plan))}
              interval={plan.interval}
              areWhole={metric !== 'order_value'}
            />
          ) : (
            <div className={styles.space} />
          )}
        </Suspense>
      )}
    </>
  );
}

function Legend() {
  const { t } = useTranslation();
  return (
    <ul className={styles.legend}>
      <li>{t('analytics.now')}</li>
      <li className={styles.keyBefore}>{t('analytics.before')}</li>
    </ul>
  );
}

const pointOf = ({ at, value, before }: SeriesData['rows'][number], { interval }: Plan): ChartPoint => ({
  day: at,
  at: formatInterval(interval, at),
  shown: formatValue(value),
  value: Number(value),
  ...(before && {
    before: { at: formatInterval(interval, before.at), shown: formatValue(before.value) },
    valueBefore: Number(before.value),
  }),
});

type Summarized = { metric: Metric; plan: Plan; rows: SeriesData['rows']; unit: string | undefined };

/** What the chart shows, in one sentence. */
function summarize(
  { metric, plan, rows, unit }: Summarized,
  total: Value,
  before: Value | undefined,
  t: TFunction,
): string {
  const withUnit = (value: Value) => [formatValue(value), unit].filter((part) => part !== undefined).join(' ');
  const what =
    metric === 'order_value'
      ? t('analytics.amount', { amount: withUnit(total) })
      : t(`analytics.count.${metric}`, { count: Number(total), number: formatValue(total) });
  const top = highest(rows);
  const parts = [
    `${what}, ${formatRange(plan)}`,
    ...(before === undefined ? [] : [t('analytics.wasBefore', { number: withUnit(before) })]),
    ...(top ? [t('analytics.most', { number: withUnit(top.value), at: formatInterval(plan.interval, top.at) })] : []),
  ];
  return parts.join('; ').replace(/\.?$/, '.'); // an abbreviation may end with one
}

/** The table of a chart: each interval, and beside it the one before that it is compared with. */
function figuresOf({ plan, rows }: SeriesData, valueTitle: string, t: TFunction): Figures {
  const interval = (date: string) => ({
    shown: formatInterval(plan.interval, date),
    raw: rawInterval(plan.interval, date),
  });
  const value = (of: Value) => ({ shown: formatValue(of), raw: String(of) });
  return {
    columns: [
      t(`analytics.column.${plan.interval}`),
      valueTitle,
      ...(plan.before ? [t('analytics.column.comparedWith'), t('analytics.column.before')] : []),
    ],
    rows: rows.map(({ at, value: now, before }) => [
      interval(at),
      value(now),
      ...(before ? [interval(before.at), value(before.value)] : []),
    ]),
  };
}
