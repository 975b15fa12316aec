import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useCan, useUser } from '../api/session.ts';
import { companyQuery } from '../companies/queries.ts';
import { useActingCompany } from '../frame/acting-company.ts';
import { Failure } from '../ui/failure.tsx';
import { Page } from '../ui/page.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { CompanyForm } from './company-form.tsx';
import { CompanyFacts } from './company-facts.tsx';

/** The settings of the company. */
export function SettingsPage() {
  const { t } = useTranslation();
  const can = useCan();
  const { business_id } = useUser();
  const acting = useActingCompany();
  const id = business_id ?? acting ?? '';
  const { data, error, refetch } = useQuery({ ...companyQuery(id), enabled: id !== '' });
  return (
    <Page title={t('settings.title')}>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!error && !data && <Skeleton lines={6} />}
      {data && can('companies:update') && <CompanyForm key={data.id} company={data} />}
      {data && !can('companies:update') && <CompanyFacts company={data} />}
    </Page>
  );
}
