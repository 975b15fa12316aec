import type { CustomerAnalytics } from '@clientela/client';
import { Link, type LinkProps } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { formatMoney, formatNumber } from '../ui/format.ts';
import styles from './overview.module.css';

type Figure = { label: string; value: string; note?: string } & Pick<LinkProps, 'to' | 'search'>;

/** The figures of the company, at most a minute old; each leads to what it counts. */
export function Figures({ data }: { data: CustomerAnalytics }) {
  const { t } = useTranslation();
  const { customers_by_status: byStatus, order_statistics: orders, complaint_statistics: complaints } = data;
  const figures: Figure[] = [
    {
      label: t('today.customers'),
      value: formatNumber(data.total_customers),
      note: t('today.activeCustomers', { count: byStatus.active, number: formatNumber(byStatus.active) }),
      to: '/customers',
    },
    {
      label: t('today.newThisMonth'),
      value: formatNumber(data.new_customers_this_month),
      to: '/customers',
      search: { created_from: `${data.generated_at.slice(0, 7)}-01` },
    },
    {
      label: t('today.orderValue'),
      value: formatMoney(orders.total_order_value, '').number,
      note: t('today.orders', { count: orders.total_orders, number: formatNumber(orders.total_orders) }),
      to: '/customers',
      search: { sort: '-lifetime_value' },
    },
    {
      label: t('today.openComplaints'),
      value: formatNumber(complaints.open_complaints),
      note: t('today.ofComplaints', { number: formatNumber(complaints.total_complaints) }),
      to: '/complaints',
    },
  ];
  return (
    <dl className={styles.figures}>
      {figures.map(({ label, value, note, to, search }) => (
        <div key={label} className={styles.figure}>
          <dt>{label}</dt>
          <dd>
            <Link to={to} search={search} aria-label={`${label}: ${value}`}>
              {value}
            </Link>
            {note !== undefined && <div className={styles.note}>{note}</div>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
