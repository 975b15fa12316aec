import type { FailedEventPage } from '@clientela/client';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { attempt } from '../ui/attempt.ts';
import styles from '../ui/bar.module.css';
import { Button } from '../ui/button.tsx';
import { Empty } from '../ui/empty.tsx';
import { Failure } from '../ui/failure.tsx';
import { Notice } from '../ui/notice.tsx';
import { Page } from '../ui/page.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { Table, Titled, type Column } from '../ui/table.tsx';
import { Time } from '../ui/time.tsx';
import { toast } from '../ui/toast.tsx';
import { visible } from '../ui/visible.tsx';
import { DropDialog } from './drop-dialog.tsx';
import { failedEventsQuery, resendEvent } from './queries.ts';

export type FailedEvent = FailedEventPage['events'][number];

/** Events that a service could not be given, with why; each can be resent or dropped. */
export function FailedEventsPage() {
  const { t } = useTranslation();
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(failedEventsQuery);
  const [dropping, setDropping] = useState<FailedEvent>();
  const events = data?.pages.flatMap((page) => page.events) ?? [];
  const away = [...new Set(data?.pages.flatMap(({ unavailable }) => unavailable))];
  const resend = ({ id, name }: FailedEvent) =>
    attempt(t, async () => {
      await resendEvent(id);
      toast(t('failedEvents.resent', { name }));
    });
  const columns: Column<FailedEvent>[] = [
    {
      key: 'name',
      title: t('failedEvents.event'),
      renderCell: ({ name, reason }) => (
        <Titled note={<bdi>{visible(reason)}</bdi>}>
          <code>{visible(name)}</code>
        </Titled>
      ),
    },
    {
      key: 'where',
      title: t('failedEvents.where'),
      renderCell: ({ service, subscriber }) => visible(`${service} → ${subscriber}`),
    },
    { key: 'attempts', title: t('failedEvents.attempts'), align: 'end', renderCell: ({ attempts }) => attempts },
    { key: 'since', title: t('failedEvents.since'), renderCell: ({ failed_at }) => <Time at={failed_at} /> },
    {
      key: 'actions',
      title: t('lists.actions'),
      isTitleHidden: true,
      align: 'end',
      renderCell: (event) => (
        <div className={styles.rowButtons}>
          <Button
            look="small"
            onPress={() => void resend(event)}
            aria-label={t('failedEvents.resendOf', { name: event.name })}
          >
            {t('failedEvents.resend')}
          </Button>
          <Button
            look="small"
            onPress={() => setDropping(event)}
            aria-label={t('failedEvents.dropOf', { name: event.name })}
          >
            {t('failedEvents.drop')}
          </Button>
        </div>
      ),
    },
  ];
  return (
    <Page title={t('failedEvents.title')}>
      {away.length > 0 && <Notice kind="warning">{t('failedEvents.away', { services: away.join(', ') })}</Notice>}
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!error && !data && <Skeleton lines={5} height={20} />}
      {data && events.length === 0 && <Empty>{t('failedEvents.none')}</Empty>}
      {events.length > 0 && (
        <Table
          label={t('failedEvents.title')}
          columns={columns}
          rows={events}
          keyOf={({ id, service, subscriber }) => `${id} ${service} ${subscriber}`}
        />
      )}
      {hasNextPage && (
        <div className={styles.buttons}>
          <Button onPress={() => void fetchNextPage()} isPending={isFetchingNextPage}>
            {t('lists.more')}
          </Button>
        </div>
      )}
      {dropping && <DropDialog event={dropping} onClose={() => setDropping(undefined)} />}
    </Page>
  );
}
