import type { SessionList } from '@clientela/client';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, signOut } from '../api/session.ts';
import { attempt } from '../ui/attempt.ts';
import styles from '../ui/bar.module.css';
import { Button } from '../ui/button.tsx';
import { Confirm } from '../ui/confirm.tsx';
import { Failure } from '../ui/failure.tsx';
import { focusIfLost } from '../ui/focus.tsx';
import { Pill } from '../ui/pill.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { Table, Titled, type Column } from '../ui/table.tsx';
import { Time } from '../ui/time.tsx';
import { toast } from '../ui/toast.tsx';
import { visible } from '../ui/visible.tsx';
import { changedOwn, sessionsQuery } from './queries.ts';

const browsers = [
  ['Edg/', 'Edge'],
  ['OPR/', 'Opera'],
  ['Firefox/', 'Firefox'],
  ['Chrome/', 'Chrome'],
  ['Safari/', 'Safari'],
] as const;
const systems = ['Windows', 'Android', 'iPhone', 'iPad', 'Mac OS', 'Linux'];

/** Says which browser on which system it is, where the User-Agent is a browser's; else the text itself. */
export function deviceOf(agent: string): string {
  const browser = browsers.find(([mark]) => agent.includes(mark))?.[1];
  const system = systems.find((name) => agent.includes(name));
  return browser && system ? `${browser}, ${system}` : agent.slice(0, 120);
}

type Session = SessionList['sessions'][number];

/** Where the person is signed in. */
export function Sessions() {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(sessionsQuery);
  const [isEnding, setEnding] = useState(false);
  const end = ({ id }: Session) =>
    attempt(t, async () => {
      await api.sessions.end(id);
      await changedOwn();
      toast(t('me.sessionEnded'));
      focusIfLost('#sessions'); // its button is gone
    });
  const columns: Column<Session>[] = [
    {
      key: 'device',
      title: t('me.device'),
      renderCell: ({ device, current }) => (
        <Titled note={current && <Pill tone="green">{t('me.thisOne')}</Pill>}>
          <bdi title={device ?? undefined}>{visible(device === null ? t('lists.unknown') : deviceOf(device))}</bdi>
        </Titled>
      ),
    },
    { key: 'ip', title: t('me.address'), renderCell: ({ ip }) => ip ?? '–' },
    { key: 'created', title: t('me.signedIn'), renderCell: ({ created_at }) => <Time at={created_at} /> },
    { key: 'used', title: t('me.lastUsed'), renderCell: ({ last_used_at }) => <Time at={last_used_at} /> },
    {
      key: 'actions',
      title: t('lists.actions'),
      isTitleHidden: true,
      align: 'end',
      renderCell: (session) =>
        !session.current && (
          <Button
            look="small"
            onPress={() => void end(session)}
            aria-label={t('me.endOf', { device: deviceOf(session.device ?? '') })}
          >
            {t('me.end')}
          </Button>
        ),
    },
  ];
  return (
    <section className={styles.section} aria-labelledby="sessions">
      <h2 id="sessions" tabIndex={-1}>
        {t('me.sessions')}
      </h2>
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!error && !data && <Skeleton lines={3} />}
      {data && <Table label={t('me.sessions')} columns={columns} rows={data} keyOf={({ id }) => id} />}
      <div className={styles.buttons}>
        <Button onPress={() => setEnding(true)}>{t('me.endAll')}</Button>
      </div>
      {isEnding && (
        <Confirm
          title={t('me.endAllTitle')}
          action={t('me.endAll')}
          onClose={() => setEnding(false)}
          onConfirm={async () => {
            await api.auth.logoutAll();
            await signOut();
          }}
        >
          {t('me.endAllHint')}
        </Confirm>
      )}
    </section>
  );
}
