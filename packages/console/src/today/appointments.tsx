import type { Interaction } from '@clientela/client';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useCustomerName } from '../customers/names.ts';
import { visible } from '../ui/visible.tsx';
import styles from './overview.module.css';

type AppointmentsProps = { appointments: readonly Interaction[]; has_more: boolean };

/** With whom the team meets today, when and what about; each leads to the customer. */
export function Appointments({ appointments, has_more }: AppointmentsProps) {
  const { t, i18n } = useTranslation();
  const times = new Intl.DateTimeFormat(i18n.language, { timeStyle: 'short' });
  return (
    <>
      <ul className={styles.list}>
        {appointments.map(({ id, customer_id, notes, scheduled_at, occurred_at }) => (
          <li key={id}>
            <time className={styles.time} dateTime={scheduled_at ?? occurred_at}>
              {times.format(new Date(scheduled_at ?? occurred_at))}
            </time>
            <span className={styles.appointment}>
              <Link
                to="/customers/$customerId"
                params={{ customerId: customer_id }}
                search={{ tab: 'interactions' }}
                className={styles.text}
              >
                <CustomerName id={customer_id} />
              </Link>
              <span className={styles.about} dir="auto">
                {visible(notes)}
              </span>
            </span>
          </li>
        ))}
      </ul>
      {has_more && <p className={styles.note}>{t('today.firstAppointments', { count: appointments.length })}</p>}
    </>
  );
}

function CustomerName({ id }: { id: string }) {
  const { t } = useTranslation();
  const name = useCustomerName(id);
  return <bdi>{name === undefined ? '…' : visible(name ?? t('lists.unknown'))}</bdi>;
}
