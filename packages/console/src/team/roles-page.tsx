import { useQuery } from '@tanstack/react-query';
import { Check } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useUser } from '../api/session.ts';
import { roleText } from '../frame/roles.ts';
import { Back } from '../ui/back.tsx';
import styles from '../ui/bar.module.css';
import { Failure } from '../ui/failure.tsx';
import { Page } from '../ui/page.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { Table, type Column } from '../ui/table.tsx';
import { rolesQuery } from './queries.ts';

type Row = { permission: string; [role: string]: string };

/** What each role may do, as the API says. */
export function RolesPage() {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(rolesQuery);
  const { role, permissions: own } = useUser();
  const roles = data?.roles ?? [];
  // Roles that may do all are served without a list; an admin knows it.
  const served = roles.flatMap(({ permissions }) => permissions).filter((permission) => permission !== 'all');
  const all = role === 'admin' ? [...served, ...own] : served;
  const rows: Row[] = [...new Set(all.map((permission) => permission.replace(/:own$/, '')))]
    .toSorted()
    .map((permission) => ({ permission }));
  const level = (permissions: readonly string[], permission: string) =>
    permissions.includes('all') || permissions.includes(permission)
      ? 'any'
      : permissions.includes(`${permission}:own`)
        ? 'own'
        : 'none';
  const columns: Column<Row>[] = [
    { key: 'permission', title: t('team.permission'), renderCell: ({ permission }) => <code>{permission}</code> },
    ...roles.map(({ code, permissions }) => ({
      key: code,
      title: roleText(code, t),
      renderCell: ({ permission }: Row) => {
        const may = level(permissions, permission);
        if (may === 'own') return t('team.ownOnly');
        if (may === 'none') return <span className={styles.no}>–</span>;
        return <Check size={16} strokeWidth={1.75} role="img" aria-label={t('team.may')} />;
      },
    })),
  ];
  return (
    <Page title={t('team.roles')} back={<Back to="/team">{t('team.title')}</Back>}>
      <p className={styles.hint}>{t('team.rolesHint')}</p>
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!error && !data && <Skeleton lines={8} />}
      {data && <Table label={t('team.roles')} columns={columns} rows={rows} keyOf={({ permission }) => permission} />}
    </Page>
  );
}
