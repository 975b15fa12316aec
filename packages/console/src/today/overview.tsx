import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useCan } from '../api/session.ts';
import { Failure } from '../ui/failure.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { Appointments } from './appointments.tsx';
import { Complaints } from './complaints.tsx';
import { ExpiringKeys } from './expiring-keys.tsx';
import { FailedEvents } from './failed-events.tsx';
import { Figures } from './figures.tsx';
import { Imports } from './imports.tsx';
import { NoCustomers } from './no-customers.tsx';
import styles from './overview.module.css';
import { Part } from './part.tsx';
import {
  appointmentsQuery,
  complaintsQuery,
  expiringKeysQuery,
  figuresQuery,
  importsToWatchQuery,
  newestFailuresQuery,
} from './queries.ts';

/** The company's figures, and below what needs a person: of it only what there is, and what the role may read. */
export function Overview() {
  const { t } = useTranslation();
  const can = useCan();
  const figures = useQuery({ ...figuresQuery, enabled: can('analytics:read') });
  const appointments = useQuery({ ...appointmentsQuery, enabled: can('interactions:read') });
  const complaints = useQuery({ ...complaintsQuery, enabled: can('interactions:read') });
  const imports = useQuery({ ...importsToWatchQuery, enabled: can('customers:import') });
  const failures = useQuery({ ...newestFailuresQuery, enabled: can('events:manage') });
  const keys = useQuery({ ...expiringKeysQuery, enabled: can('keys:manage') });
  const isQuiet = [appointments, complaints, imports, failures, keys].every(
    ({ isEnabled, error, data }) => !isEnabled || (!error && data === null),
  );
  const isNew = figures.data?.total_customers === 0;
  return (
    <>
      {figures.error && <Failure error={figures.error} onRetry={() => void figures.refetch()} />}
      {figures.isLoading && <Skeleton lines={2} height={28} />}
      {figures.data && (isNew ? <NoCustomers /> : <Figures data={figures.data} />)}
      <div className={styles.parts}>
        <div className={styles.column}>
          <Part title={t('today.appointments')} query={appointments}>
            {(shown) => <Appointments {...shown} />}
          </Part>
          <Part title={t('today.openComplaints')} query={complaints}>
            {(shown) => <Complaints counts={shown} />}
          </Part>
        </div>
        <div className={styles.column}>
          <Part title={t('failedEvents.title')} query={failures}>
            {(newest) => <FailedEvents newest={newest} />}
          </Part>
          <Part title={t('today.imports')} query={imports}>
            {(shown) => <Imports imports={shown} />}
          </Part>
          <Part title={t('today.expiringKeys')} query={keys}>
            {(shown) => <ExpiringKeys keys={shown} />}
          </Part>
        </div>
      </div>
      {isQuiet && !isNew && <p className={styles.quiet}>{t('today.quiet')}</p>}
    </>
  );
}
