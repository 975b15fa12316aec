import type { AuditLog } from '@clientela/client';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useNames } from '../api/people.ts';
import styles from '../ui/bar.module.css';
import { Button } from '../ui/button.tsx';
import { Empty } from '../ui/empty.tsx';
import { Failure } from '../ui/failure.tsx';
import { formatInstant } from '../ui/format.ts';
import { Page } from '../ui/page.tsx';
import { Pill } from '../ui/pill.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { Table, Titled, type Column } from '../ui/table.tsx';
import { visible } from '../ui/visible.tsx';
import { AuditFilters } from './filters.tsx';
import { auditQuery } from './queries.ts';
import { Resource } from './resource.tsx';
import type { AuditSearch } from './search.ts';

const route = getRouteApi('/frame/audit');

/** Who did what, newest first. */
export function AuditPage() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(auditQuery(search));
  const logs = data?.pages.flatMap(({ audit_logs }) => audit_logs) ?? [];
  const nameOf = useNames(
    logs.flatMap(({ actor_id, resource_type, resource_id }) =>
      resource_type === 'user' ? [actor_id, resource_id] : [actor_id],
    ),
  );
  const filter = (change: AuditSearch) => void navigate({ search: (rest) => ({ ...rest, ...change }), replace: true });
  const columns: Column<AuditLog>[] = [
    {
      key: 'action',
      title: t('audit.action'),
      renderCell: ({ action, fields }) => (
        <Titled note={fields.length > 0 ? fields.join(', ') : undefined}>
          <code>{action}</code>
        </Titled>
      ),
    },
    {
      key: 'actor',
      title: t('audit.actor'),
      renderCell: ({ actor_id }) => <bdi>{visible(actor_id === null ? t('audit.nobody') : nameOf(actor_id))}</bdi>,
    },
    { key: 'resource', title: t('audit.resource'), renderCell: (log) => <Resource log={log} nameOf={nameOf} /> },
    {
      key: 'result',
      title: t('audit.result'),
      renderCell: ({ result }) => (
        <Pill tone={result === 'refused' ? 'red' : 'neutral'} dot>
          {t(`audit.results.${result}` as 'audit.results.done', { defaultValue: result })}
        </Pill>
      ),
    },
    { key: 'ip', title: t('audit.address'), renderCell: ({ ip }) => ip ?? '–' },
    {
      key: 'at',
      title: t('audit.at'),
      renderCell: ({ at, request_id }) => <span title={request_id}>{formatInstant(at)}</span>,
    },
  ];
  return (
    <Page title={t('audit.title')}>
      <AuditFilters search={search} onChange={filter} />
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!error && !data && <Skeleton lines={8} height={20} />}
      {data && logs.length === 0 && <Empty>{t('audit.none')}</Empty>}
      {logs.length > 0 && <Table label={t('audit.title')} columns={columns} rows={logs} keyOf={({ id }) => id} />}
      {hasNextPage && (
        <div className={styles.buttons}>
          <Button onPress={() => void fetchNextPage()} isPending={isFetchingNextPage}>
            {t('lists.more')}
          </Button>
        </div>
      )}
    </Page>
  );
}
