import { ClientelaError, type Customer } from '@clientela/client';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components';
import { useCan } from '../api/session.ts';
import { StatusPill, TypeMark } from '../customers/columns.tsx';
import { customerName } from '../customers/queries.ts';
import { Avatar } from '../ui/avatar.tsx';
import { Failure } from '../ui/failure.tsx';
import { Page } from '../ui/page.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import layout from '../ui/page.module.css';
import { History } from './history.tsx';
import { Notes } from './notes.tsx';
import styles from './page.module.css';
import { customerQuery } from './queries.ts';
import { Record } from './record.tsx';
import { type TabName } from './tabs.ts';
import { Tags } from './tags.tsx';
import { Timeline } from './timeline.tsx';

const route = getRouteApi('/frame/customers/$customerId');

/** One customer: who it is, the facts, and what happened. */
export function CustomerPage() {
  const { t } = useTranslation();
  const { customerId } = route.useParams();
  const { data, error, refetch } = useQuery(customerQuery(customerId));
  if (data) return <CustomerView key={customerId} customer={data} />;
  if (!error)
    return (
      <Page title={t('customer.title')}>
        <Skeleton lines={8} />
      </Page>
    );
  const isGone = error instanceof ClientelaError && error.status === 404;
  return (
    <Page title={t('customer.title')}>
      <Failure error={error} {...(!isGone && { onRetry: () => void refetch() })} />
    </Page>
  );
}

function CustomerView({ customer }: { customer: Customer }) {
  const { t } = useTranslation();
  const can = useCan();
  const { tab = 'timeline' } = route.useSearch();
  const navigate = route.useNavigate();
  const name = customerName(customer);
  useEffect(() => {
    document.title = `${name} – Clientela`;
  }, [name]);
  const tabs: { id: TabName; title: string; panel: React.ReactNode }[] = [
    ...(can('interactions:read')
      ? [{ id: 'timeline' as const, title: t('customer.timeline'), panel: <Timeline customer={customer} /> }]
      : []),
    { id: 'notes', title: t('customer.notes'), panel: <Notes customer={customer} /> },
    { id: 'history', title: t('customer.history'), panel: <History customer={customer} /> },
  ];
  return (
    <div className={layout.page}>
      <header className={styles.head}>
        <Avatar id={customer.id} name={name} size={56} />
        <div className={styles.names}>
          <h1 dir="auto">{name}</h1>
          <div className={styles.reach}>
            {customer.email !== null && <a href={`mailto:${customer.email}`}>{customer.email}</a>}
            {customer.phone !== null && <a href={`tel:${customer.phone}`}>{customer.phone}</a>}
          </div>
          <div className={styles.meta}>
            <StatusPill status={customer.status} t={t} />
            <TypeMark type={customer.type} t={t} />
            <Tags customer={customer} />
          </div>
        </div>
      </header>
      <div className={styles.columns}>
        <Record customer={customer} />
        <Tabs
          selectedKey={tabs.some(({ id }) => id === tab) ? tab : tabs[0]?.id}
          onSelectionChange={(key) => void navigate({ search: { tab: key as TabName }, replace: true })}
        >
          <TabList className={styles.tabs} aria-label={t('customer.about', { name })}>
            {tabs.map(({ id, title }) => (
              <Tab key={id} id={id} className={styles.tab}>
                {title}
              </Tab>
            ))}
          </TabList>
          {tabs.map(({ id, panel }) => (
            <TabPanel key={id} id={id} className={styles.panel}>
              {panel}
            </TabPanel>
          ))}
        </Tabs>
      </div>
    </div>
  );
}
