import type { CustomerAnalytics } from '@clientela/client';
import { useTranslation } from 'react-i18next';
import { formatMoney, formatNumber } from '../ui/format.ts';
import { Skeleton } from '../ui/skeleton.tsx';
import styles from './page.module.css';

/** The figures of the company, at most a minute old. */
export function Figures({ data }: { data: CustomerAnalytics | undefined }) {
  const { t } = useTranslation();
  if (!data) return <Skeleton lines={2} height={28} />;
  const { customers_by_status: byStatus, order_statistics: orders, complaint_statistics: complaints } = data;
  const figures = [
    {
      label: t('today.customers'),
      value: formatNumber(data.total_customers),
      note: t('today.activeCustomers', { count: byStatus.active, number: formatNumber(byStatus.active) }),
    },
    { label: t('today.newThisMonth'), value: formatNumber(data.new_customers_this_month) },
    {
      label: t('today.orderValue'),
      value: formatMoney(orders.total_order_value, '').number,
      note: t('today.orders', { count: orders.total_orders, number: formatNumber(orders.total_orders) }),
    },
    {
      label: t('today.openComplaints'),
      value: formatNumber(complaints.open_complaints),
      note: t('today.ofComplaints', { number: formatNumber(complaints.total_complaints) }),
    },
  ];
  return (
    <dl className={styles.figures}>
      {figures.map(({ label, value, note }) => (
        <div key={label} className={styles.figure}>
          <dt>{label}</dt>
          <dd>
            {value}
            {note !== undefined && <div className={styles.note}>{note}</div>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
