import type { Customer } from '@clientela/client';
import { useQuery } from '@tanstack/react-query';
import { MessageSquareWarning, ShoppingBag, type LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Empty } from '../ui/empty.tsx';
import { Failure } from '../ui/failure.tsx';
import { formatInstant, formatNumber } from '../ui/format.ts';
import { Money } from '../ui/money.tsx';
import { Notice } from '../ui/notice.tsx';
import { Pill } from '../ui/pill.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { Time } from '../ui/time.tsx';
import { visible } from '../ui/visible.tsx';
import { Entry } from './entry.tsx';
import { Figures } from './figures.tsx';
import { interactionStatusText, kindText, statusTone } from './interaction-text.ts';
import styles from './page.module.css';
import { Priority } from './priority.tsx';
import { complaintsQuery, ordersQuery, viewSize } from './queries.ts';

type Row = Record<string, unknown>;
/** A text of a record that another system may own; undefined for what is none. */
const text = (row: Row, name: string): string | undefined => {
  const value = row[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

/** The orders of a customer as the service that owns them tells them. */
export function Orders({ customer }: { customer: Customer }) {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(ordersQuery(customer.id));
  if (!data) return error ? <Failure error={error} onRetry={() => void refetch()} /> : <Skeleton lines={5} />;
  const { total_orders, total_order_value, average_order_value, last_order_date } = data.summary;
  const figures = [
    { label: t('customer.figure.orders'), value: formatNumber(total_orders) },
    { label: t('customer.figure.value'), value: <Money amount={total_order_value} currency={customer.currency} /> },
    {
      label: t('customer.figure.average'),
      value: average_order_value === null ? '–' : <Money amount={average_order_value} currency={customer.currency} />,
    },
    { label: t('customer.figure.lastOrder'), value: last_order_date === null ? '–' : <Time at={last_order_date} /> },
  ];
  return (
    <View
      figures={figures}
      awaySince={data.note === undefined ? undefined : data.as_of}
      rows={data.orders}
      icon={ShoppingBag}
      kind="order"
      empty={t('customer.noOrders')}
      textOf={(row) => text(row, 'description')}
    />
  );
}

/** The complaints of a customer as the service that owns them tells them. */
export function Complaints({ customer }: { customer: Customer }) {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(complaintsQuery(customer.id));
  if (!data) return error ? <Failure error={error} onRetry={() => void refetch()} /> : <Skeleton lines={5} />;
  const { total_complaints, open_complaints, resolved_complaints, last_complaint_date } = data.summary;
  const figures = [
    { label: t('customer.figure.complaints'), value: formatNumber(total_complaints) },
    { label: t('customer.figure.open'), value: formatNumber(open_complaints) },
    { label: t('customer.figure.resolved'), value: formatNumber(resolved_complaints) },
    {
      label: t('customer.figure.lastComplaint'),
      value: last_complaint_date === null ? '–' : <Time at={last_complaint_date} />,
    },
  ];
  return (
    <View
      figures={figures}
      awaySince={data.note === undefined ? undefined : data.as_of}
      rows={data.complaints}
      icon={MessageSquareWarning}
      kind="complaint"
      empty={t('customer.noComplaints')}
      textOf={(row) => text(row, 'notes')}
    />
  );
}

type ViewProps = {
  figures: { label: string; value: ReactNode }[];
  /** When the figures are from, while the service that owns the records is away. */
  awaySince: string | undefined;
  rows: readonly Row[];
  icon: LucideIcon;
  kind: string;
  empty: string;
  textOf: (row: Row) => string | undefined;
};

function View({ figures, awaySince, rows, icon, kind, empty, textOf }: ViewProps) {
  const { t } = useTranslation();
  return (
    <>
      <Figures figures={figures} />
      {awaySince !== undefined && (
        <Notice kind="warning">{t('customer.ownerAway', { at: formatInstant(awaySince) })}</Notice>
      )}
      {awaySince === undefined && rows.length === 0 && <Empty>{empty}</Empty>}
      <ul className={styles.items}>
        {rows.map((row, index) => {
          const [status, priority, category] = ['status', 'priority', 'category'].map((name) => text(row, name));
          const [amount, currency, order] = ['amount', 'currency', 'order_id'].map((name) => text(row, name));
          return (
            <Entry
              key={text(row, 'id') ?? index}
              icon={icon}
              title={kindText(kind, t)}
              at={text(row, 'occurred_at') ?? text(row, 'created_at')}
              text={textOf(row)}
            >
              {amount !== undefined && (
                <span className={styles.change}>
                  <Money amount={amount} currency={currency ?? ''} />
                </span>
              )}
              {status !== undefined && <Pill tone={statusTone(status)}>{interactionStatusText(status, t)}</Pill>}
              {priority !== undefined && <Priority of={priority} />}
              {category !== undefined && <bdi>{visible(category)}</bdi>}
              {order !== undefined && <bdi>{visible(t('customer.orderId', { id: order }))}</bdi>}
            </Entry>
          );
        })}
      </ul>
      {rows.length === viewSize && <p className={styles.empty}>{t('customer.latest', { count: viewSize })}</p>}
    </>
  );
}
