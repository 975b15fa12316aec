import { useQuery } from '@tanstack/react-query';
import { Building2, ChevronDown } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button } from 'react-aria-components';
import { listCompanies } from '../companies/queries.ts';
import { Empty } from '../ui/empty.tsx';
import { Failure } from '../ui/failure.tsx';
import { Menu, MenuItem } from '../ui/menu.tsx';
import { Page } from '../ui/page.tsx';
import { visible } from '../ui/visible.tsx';
import { actIn, useActingCompany } from './acting-company.ts';
import styles from './frame.module.css';

const useCompanies = () =>
  useQuery({
    queryKey: ['companies', 'picker'],
    queryFn: ({ signal }) => listCompanies(100, 0, signal),
    staleTime: 60_000,
  });

/** Shows the company that a superuser acts in, and changes it. Always visible, in a colour of its own. */
export function CompanyPicker() {
  const { t } = useTranslation();
  const { data, error } = useCompanies();
  const companyId = useActingCompany();
  const company = data?.companies.find(({ id }) => id === companyId);
  if (error) return <Failure error={error} />;
  return (
    <Menu
      placement="bottom end"
      selectionMode="single"
      selectedKeys={companyId === undefined ? [] : [companyId]}
      onAction={(key) => actIn(String(key))}
      trigger={
        <Button
          className={styles.acting}
          aria-label={company ? t('frame.acting', { company: company.name }) : t('frame.chooseCompany')}
        >
          <Building2 size={16} strokeWidth={1.5} aria-hidden />
          <span>{visible(company?.name ?? t('frame.chooseCompany'))}</span>
          <ChevronDown size={14} strokeWidth={1.5} aria-hidden />
        </Button>
      }
    >
      {(data?.companies ?? []).map(({ id, name }) => (
        <MenuItem key={id} id={id} textValue={name}>
          {visible(name)}
        </MenuItem>
      ))}
    </Menu>
  );
}

/** Stands for a screen that shows data of a company, while a superuser has chosen none. */
export function CompanyNeeded() {
  const { t } = useTranslation();
  return (
    <Page title={t('frame.actingCompany')}>
      <Empty>{t('frame.noCompany')}</Empty>
    </Page>
  );
}
