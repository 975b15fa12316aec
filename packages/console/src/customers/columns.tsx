import type { TFunction } from 'i18next';
import { Gem, Star } from 'lucide-react';
import { Avatar } from '../ui/avatar.tsx';
import { formatDate, formatNumber } from '../ui/format.ts';
import type { Column } from '../ui/grid-row.tsx';
import { kept } from '../ui/kept.ts';
import { moneyParts } from '../ui/money.tsx';
import { Pill, type Tone } from '../ui/pill.tsx';
import { Time } from '../ui/time.tsx';
import { visible } from '../ui/visible.tsx';
import styles from './columns.module.css';
import { customerName, type Customer } from './queries.ts';

const tones: Record<string, Tone> = { active: 'green', inactive: 'neutral', suspended: 'red' };

export const statusText = (status: string, t: TFunction): string =>
  t(`customers.status.${status}` as 'customers.status.active', { defaultValue: status });
export const typeText = (type: string, t: TFunction): string =>
  t(`customers.type.${type}` as 'customers.type.vip', { defaultValue: type });

export function StatusPill({ status, text }: { status: string; text: string }) {
  return (
    <Pill tone={tones[status] ?? 'neutral'} dot>
      {text}
    </Pill>
  );
}

/** Says with a shape who is worth more: a star for premium, a gem for VIP. */
export function TypeMark({ type, text }: { type: string; text: string }) {
  if (type === 'regular') return null;
  const Icon = type === 'vip' ? Gem : Star;
  return <Icon size={14} strokeWidth={1.75} role="img" aria-label={text} />;
}

/** The columns that the table can show, in their order. The first always is there. */
export function customerColumns(t: TFunction): Column<Customer>[] {
  const statusPill = kept((status) => <StatusPill status={status} text={statusText(status, t)} />);
  const typeMark = kept((type) => <TypeMark type={type} text={typeText(type, t)} />);
  return [
    {
      id: 'full_name',
      title: t('customers.field.name'),
      width: 'minmax(186px, 2fr)',
      sort: 'full_name',
      hasParts: true,
      fits: true,
      cell: (row) => (
        <>
          <Avatar id={row.id} name={customerName(row)} />
          <a className={styles.name} href={`${import.meta.env.BASE_URL}customers/${row.id}`} tabIndex={-1} dir="auto">
            {visible(customerName(row))}
          </a>
          {typeMark(row.type)}
        </>
      ),
    },
    {
      id: 'email',
      title: t('customers.field.email'),
      width: 'minmax(186px, 2fr)',
      isTyped: true,
      cell: (row) => visible(row.email),
    },
    {
      id: 'phone',
      title: t('customers.field.phone'),
      width: '140px',
      isTyped: true,
      cell: (row) => visible(row.phone),
    },
    {
      id: 'status',
      title: t('customers.field.status'),
      width: '120px',
      fits: true,
      cell: (row) => statusPill(row.status),
    },
    {
      id: 'tags',
      title: t('customers.field.tags'),
      width: 'minmax(139px, 1.5fr)',
      hasParts: true,
      // oxlint-disable-next-line react/no-array-index-key -- the next row in the slot takes the elements over
      cell: (row) => row.tags.map((label, at) => <Pill key={at}>{label}</Pill>),
    },
    {
      id: 'total_orders',
      title: t('customers.field.orders'),
      width: '84px',
      isNumber: true,
      sort: 'total_orders',
      cell: (row) => formatNumber(row.total_orders),
    },
    {
      id: 'lifetime_value',
      title: t('customers.field.value'),
      width: '116px',
      isNumber: true,
      sort: 'lifetime_value',
      cell: (row) => moneyParts(row.lifetime_value, row.currency),
    },
    {
      id: 'last_order_date',
      title: t('customers.field.lastOrder'),
      width: '140px',
      sort: 'last_order_date',
      cell: (row) => row.last_order_date && <Time at={row.last_order_date} />,
    },
    {
      id: 'open_complaints',
      title: t('customers.field.complaints'),
      width: '130px',
      isNumber: true,
      fits: true,
      cell: (row) => (row.open_complaints > 0 ? <Pill tone="amber">{formatNumber(row.open_complaints)}</Pill> : ''),
    },
    { id: 'number', title: t('customers.field.number'), width: '100px', isNumber: true, cell: (row) => row.number },
    {
      id: 'city',
      title: t('customers.field.city'),
      width: '140px',
      isTyped: true,
      cell: (row) => visible(row.address?.city),
    },
    {
      id: 'created_at',
      title: t('customers.field.created'),
      width: '120px',
      sort: 'created_at',
      cell: (row) => formatDate(row.created_at),
    },
  ];
}

export const defaultColumns = ['email', 'phone', 'status', 'tags', 'total_orders', 'lifetime_value'];
