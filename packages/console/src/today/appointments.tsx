import type { Interaction } from '@clientela/client';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useCan } from '../api/session.ts';
import styles from './overview.module.css';
import { customersByIdQuery } from './queries.ts';

type AppointmentsProps = { appointments: readonly Interaction[]; has_more: boolean };

/** With whom the team meets today, when and what about; each leads to the customer. */
export function Appointments({ appointments, has_more }: AppointmentsProps) {
  const { t, i18n } = useTranslation();
  const can = useCan();
  const customers = customersByIdQuery(appointments.map(({ customer_id }) => customer_id));
  const { data: names, isPending } = useQuery({ ...customers, enabled: can('customers:read') });
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
                <bdi>{names?.get(customer_id) ?? (isPending ? '…' : t('lists.unknown'))}</bdi>
              </Link>
              <span className={styles.about} dir="auto">
                {notes}
              </span>
            </span>
          </li>
        ))}
      </ul>
      {has_more && <p className={styles.note}>{t('today.firstAppointments', { count: appointments.length })}</p>}
    </>
  );
}
