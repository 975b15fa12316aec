import type { Import } from '@clientela/client';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useCan } from '../api/session.ts';
import bar from '../ui/bar.module.css';
import { Empty } from '../ui/empty.tsx';
import { Failure } from '../ui/failure.tsx';
import { formatInstant, formatNumber } from '../ui/format.ts';
import { Page } from '../ui/page.tsx';
import { Pager } from '../ui/pager.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { Table, type Column } from '../ui/table.tsx';
import { ChooseFile } from './choose-file.tsx';
import { importsQuery } from './queries.ts';
import { Status } from './status.tsx';

const route = getRouteApi('/frame/import');

/** Where customers come in from a file, and the imports of before. */
export function ImportsPage() {
  const { t } = useTranslation();
  const can = useCan();
  const { page = 1 } = route.useSearch();
  const navigate = route.useNavigate();
  const { data, error, refetch, isPlaceholderData } = useQuery(importsQuery(page));
  const number = (key: 'read' | 'created' | 'updated' | 'failed'): Column<Import> => ({
    key,
    title: t(`imports.counts.${key}`),
    align: 'end',
    renderCell: (row) => formatNumber(row[key]),
  });
  const columns: Column<Import>[] = [
    {
      key: 'when',
      title: t('imports.started'),
      renderCell: ({ id, created_at }) => (
        <Link to="/import/$importId" params={{ importId: id }}>
          {formatInstant(created_at)}
        </Link>
      ),
    },
    {
      key: 'kind',
      title: t('imports.kind'),
      renderCell: ({ dry_run }) => t(dry_run ? 'imports.dryRun' : 'imports.real'),
    },
    { key: 'status', title: t('imports.status'), renderCell: (row) => <Status of={row} /> },
    number('read'),
    number('created'),
    number('updated'),
    number('failed'),
  ];
  return (
    <Page title={t('imports.title')}>
      {can('customers:import') && <ChooseFile />}
      <section className={bar.section}>
        <h2>{t('imports.past')}</h2>
        {error && <Failure error={error} onRetry={() => void refetch()} />}
        {!error && !data && <Skeleton lines={5} height={20} />}
        {data?.imports.length === 0 && <Empty>{t('imports.none')}</Empty>}
        {data && data.imports.length > 0 && (
          <Table
            label={t('imports.past')}
            columns={columns}
            rows={data.imports}
            keyOf={({ id }) => id}
            isStale={isPlaceholderData}
          />
        )}
        {data && (
          <Pager
            page={page}
            pages={data.pages}
            onPage={(next) => void navigate({ search: { page: next > 1 ? next : undefined } })}
          />
        )}
      </section>
    </Page>
  );
}
