import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { statusText, typeText } from '../customers/columns.tsx';
import { analyticsQuery, labelsQuery } from '../customers/queries.ts';
import { Empty } from '../ui/empty.tsx';
import { Failure } from '../ui/failure.tsx';
import { formatNumber } from '../ui/format.ts';
import { Skeleton } from '../ui/skeleton.tsx';
import { visible } from '../ui/visible.tsx';
import { formatShare } from './format.ts';
import styles from './page.module.css';
import { Section, type Figures } from './section.tsx';

type Part = { name: string; shown?: ReactNode; customers: number };

/** Customers as they are now, by their status or their type. */
export function CountsSection({ by }: { by: 'status' | 'type' }) {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(analyticsQuery);
  const counts = Object.entries((by === 'status' ? data?.customers_by_status : data?.customers_by_type) ?? {});
  const parts = counts.map(([key, customers]) => ({
    name: by === 'status' ? statusText(key, t) : typeText(key, t),
    customers,
  }));
  return (
    <PartsSection
      name={by}
      column={by}
      parts={data && parts}
      total={data?.total_customers}
      error={error}
      onRetry={() => void refetch()}
      empty={t('customers.none')}
    />
  );
}

const mostTags = 10;

/** The tags that most customers have now. */
export function TagsSection() {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(labelsQuery);
  const parts = data?.slice(0, mostTags).map(({ label, customers }) => ({
    name: label,
    shown: (
      <Link to="/customers" search={{ tag: label }}>
        <bdi>{visible(label)}</bdi>
      </Link>
    ),
    customers,
  }));
  return (
    <PartsSection
      name="tags"
      column="tag"
      parts={parts}
      total={undefined}
      error={error}
      onRetry={() => void refetch()}
      empty={t('analytics.noTags')}
    />
  );
}

type PartsSectionProps = {
  name: 'status' | 'type' | 'tags';
  column: 'status' | 'type' | 'tag';
  parts: readonly Part[] | undefined;
  /** What the parts add up to; undefined where they overlap, as tags do. */
  total: number | undefined;
  error: unknown;
  onRetry: () => void;
  empty: string;
};

/** Parts with their bars; the bars stand in the table itself. */
function PartsSection({ name, column, parts, total, error, onRetry, empty }: PartsSectionProps) {
  const { t } = useTranslation();
  const most = parts?.reduce<Part | undefined>(
    (top, part) => (part.customers > (top?.customers ?? 0) ? part : top),
    undefined,
  );
  // An element stands for the name: what people typed has its own direction.
  const [before, after] = t(total === undefined ? 'analytics.mostTag' : 'analytics.mostOf', {
    name: '\n',
    number: formatNumber(most?.customers ?? 0),
    total: formatNumber(total ?? 0),
  }).split('\n');
  const figures = (all: readonly Part[], highest: number): Figures => ({
    columns: [
      t(`customers.filterName.${column}`),
      t('customers.title'),
      ...(total === undefined ? [] : [t('analytics.column.share')]),
    ],
    rows: all.map((part) => [
      { shown: part.shown ?? part.name, raw: part.name },
      { shown: <Bar size={part.customers / highest}>{formatNumber(part.customers)}</Bar>, raw: String(part.customers) },
      ...(total === undefined ? [] : [shareCell(part.customers / total)]),
    ]),
  });
  return (
    <Section name={name} title={t(`analytics.chart.${name}`)} figures={parts && most && figures(parts, most.customers)}>
      {error ? <Failure error={error} onRetry={onRetry} /> : null}
      {!error && !parts && <Skeleton lines={4} height={20} />}
      {parts && !most && <Empty>{empty}</Empty>}
      {parts && most && (
        <p className={styles.summary}>
          {before}
          <bdi>{visible(most.name)}</bdi>
          {after}
        </p>
      )}
    </Section>
  );
}

const shareCell = (share: number) => ({ shown: formatShare(share), raw: share.toFixed(4) });

/** A figure with a bar as long as it is large. */
const Bar = ({ size, children }: { size: number; children: ReactNode }) => (
  <span className={styles.barred}>
    <span className={styles.bar} aria-hidden>
      <span style={{ width: `${size * 100}%` }} />
    </span>
    {children}
  </span>
);
