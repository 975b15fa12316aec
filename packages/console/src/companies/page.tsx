import type { Company } from '@clientela/client';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useRouter } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { actIn, useActingCompany } from '../frame/acting-company.ts';
import { attempt } from '../ui/attempt.ts';
import styles from '../ui/bar.module.css';
import { Button } from '../ui/button.tsx';
import { Confirm } from '../ui/confirm.tsx';
import { Failure } from '../ui/failure.tsx';
import { formatCode, formatNumber } from '../ui/format.ts';
import { Page } from '../ui/page.tsx';
import { Pager } from '../ui/pager.tsx';
import { Pill, type Tone } from '../ui/pill.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { Table, Titled, type Column } from '../ui/table.tsx';
import { Time } from '../ui/time.tsx';
import { toast } from '../ui/toast.tsx';
import { visible } from '../ui/visible.tsx';
import { companiesQuery, perPage, saveCompany } from './queries.ts';

const route = getRouteApi('/frame/companies');
const tones: Readonly<Record<string, Tone>> = { active: 'green', inactive: 'neutral', suspended: 'red' };

/** All companies of the installation, for the superuser. */
export function CompaniesPage() {
  const { t } = useTranslation();
  const { page = 1 } = route.useSearch();
  const navigate = route.useNavigate();
  const router = useRouter();
  const acting = useActingCompany();
  const [suspending, setSuspending] = useState<Company>();
  const { data, error, refetch, isPlaceholderData } = useQuery(companiesQuery(page));
  const enter = ({ id }: Company) => {
    actIn(id);
    void router.navigate({ to: '/' });
  };
  const activate = ({ id, name }: Company) =>
    attempt(t, async () => {
      await saveCompany(id, { status: 'active' });
      toast(t('companies.activated', { name }));
    });
  const columns: Column<Company>[] = [
    {
      key: 'name',
      title: t('companies.name'),
      renderCell: ({ name, company_key }) => (
        <Titled note={<bdi>{visible(company_key)}</bdi>}>{<bdi>{visible(name)}</bdi>}</Titled>
      ),
    },
    {
      key: 'status',
      title: t('companies.state'),
      renderCell: ({ status }) => (
        <Pill tone={tones[status] ?? 'neutral'} dot>
          {t(`companies.states.${status}` as 'companies.states.active', { defaultValue: status })}
        </Pill>
      ),
    },
    {
      key: 'users',
      title: t('companies.users'),
      align: 'end',
      renderCell: ({ total_active_users }) => formatNumber(total_active_users),
    },
    { key: 'country', title: t('companies.country'), renderCell: ({ country }) => formatCode(country, 'region') },
    { key: 'created', title: t('lists.created'), renderCell: ({ created_at }) => <Time at={created_at} /> },
    {
      key: 'actions',
      title: t('lists.actions'),
      isTitleHidden: true,
      align: 'end',
      renderCell: (company) => (
        <div className={styles.rowButtons}>
          {company.id === acting ? (
            <Pill tone="amber">{t('companies.acting')}</Pill>
          ) : (
            <Button
              look="small"
              onPress={() => enter(company)}
              aria-label={t('companies.actInOf', { name: company.name })}
            >
              {t('companies.actIn')}
            </Button>
          )}
          {company.status === 'active' ? (
            <Button
              look="small"
              onPress={() => setSuspending(company)}
              aria-label={t('companies.suspendOf', { name: company.name })}
            >
              {t('companies.suspend')}
            </Button>
          ) : (
            <Button
              look="small"
              onPress={() => void activate(company)}
              aria-label={t('companies.activateOf', { name: company.name })}
            >
              {t('companies.activate')}
            </Button>
          )}
        </div>
      ),
    },
  ];
  return (
    <Page title={t('companies.title')} count={data && formatNumber(data.total)}>
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!error && !data && <Skeleton lines={6} height={20} />}
      {data && (
        <>
          <Table
            label={t('companies.title')}
            columns={columns}
            rows={data.companies}
            keyOf={({ id }) => id}
            isStale={isPlaceholderData}
          />
          <Pager
            page={page}
            pages={Math.ceil(data.total / perPage)}
            onPage={(next) => void navigate({ search: { page: next > 1 ? next : undefined } })}
          />
        </>
      )}
      {suspending && (
        <Confirm
          title={t('companies.suspendTitle', { name: suspending.name })}
          action={t('companies.suspend')}
          typed={suspending.name}
          onClose={() => setSuspending(undefined)}
          onConfirm={async () => {
            await saveCompany(suspending.id, { status: 'suspended' }, suspending.version);
            toast(t('companies.suspended', { name: suspending.name }));
          }}
        >
          {t('companies.suspendHint')}
        </Confirm>
      )}
    </Page>
  );
}
