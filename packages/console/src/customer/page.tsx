import { ClientelaError, type Customer } from '@clientela/client';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components';
import { useCan } from '../api/session.ts';
import { customerName } from '../customers/queries.ts';
import { Back } from '../ui/back.tsx';
import { Failure } from '../ui/failure.tsx';
import { Page } from '../ui/page.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { FocusHeading } from '../ui/focus.tsx';
import layout from '../ui/page.module.css';
import { useTitle } from '../ui/use-title.ts';
import { isDeleted, isDeletedQuery } from './deletion.ts';
import { Erased } from './erased.tsx';
import { erasureQuery } from './erasure-queries.ts';
import { Head } from './head.tsx';
import { ClosedContext } from './may.ts';
import { Neighbours } from './neighbours.tsx';
import styles from './page.module.css';
import { panels } from './panels.tsx';
import { customerQuery } from './queries.ts';
import { Record } from './record.tsx';
import { StateNotice } from './state-notice.tsx';
import { type TabName } from './tabs.ts';

const route = getRouteApi('/frame/customers/$customerId');

/** One customer: who it is, the facts, and what happened. */
export function CustomerPage() {
  const { t } = useTranslation();
  const can = useCan();
  const { customerId } = route.useParams();
  const { data, error, refetch } = useQuery(customerQuery(customerId));
  const isGone = error instanceof ClientelaError && error.status === 404;
  const erasure = useQuery({ ...erasureQuery(customerId), enabled: isGone && !data && can('gdpr:manage') });
  // What was shown stays when it is gone: something may be typed in it.
  if (data) return <CustomerView key={customerId} customer={data} isGone={isGone} />;
  if (!error)
    return (
      <Page title={t('customer.title')}>
        <Skeleton lines={8} />
      </Page>
    );
  if (isGone && erasure.data)
    return (
      <Page
        title={t(erasure.data.done_at === null ? 'customer.erase.running' : 'customer.erase.erased')}
        back={<Back to="/customers">{t('customers.title')}</Back>}
      >
        <Erased request={erasure.data} />
      </Page>
    );
  return (
    <Page title={t('customer.title')}>
      <Failure error={error} {...(!isGone && { onRetry: () => void refetch() })} />
    </Page>
  );
}

function CustomerView({ customer, isGone }: { customer: Customer; isGone: boolean }) {
  const { t } = useTranslation();
  const can = useCan();
  const { tab = 'timeline' } = route.useSearch();
  const navigate = route.useNavigate();
  const wasDeleted = isDeleted(customer, useQuery(isDeletedQuery(customer)).data);
  const name = customerName(customer);
  useTitle(name);
  const tabs = panels.filter(({ permission }) => can(permission));
  return (
    <ClosedContext value={wasDeleted || isGone}>
      <div className={layout.page}>
        <FocusHeading key={String(wasDeleted)} />
        <Neighbours customerId={customer.id} />
        {(wasDeleted || isGone) && <StateNotice customer={customer} isGone={isGone} />}
        <Head customer={customer} isDeleted={wasDeleted} />
        <div className={styles.columns}>
          <Record customer={customer} />
          <Tabs
            selectedKey={tabs.some(({ id }) => id === tab) ? tab : tabs[0]?.id}
            onSelectionChange={(key) => void navigate({ search: { tab: key as TabName }, replace: true })}
          >
            <TabList className={styles.tabs} aria-label={t('customer.about', { name })}>
              {tabs.map(({ id, title }) => (
                <Tab key={id} id={id} className={styles.tab}>
                  {t(title)}
                </Tab>
              ))}
            </TabList>
            {tabs.map(({ id, Content }) => (
              <TabPanel key={id} id={id} className={styles.panel}>
                <Content customer={customer} />
              </TabPanel>
            ))}
          </Tabs>
        </div>
      </div>
    </ClosedContext>
  );
}
