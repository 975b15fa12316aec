import type { ApiKey } from '@clientela/client';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNames } from '../api/people.ts';
import { roleText } from '../frame/roles.ts';
import styles from '../ui/bar.module.css';
import { Button } from '../ui/button.tsx';
import { Pill, type Tone } from '../ui/pill.tsx';
import { Table, Titled, type Column } from '../ui/table.tsx';
import { Time } from '../ui/time.tsx';
import { visible } from '../ui/visible.tsx';

type KeysTableProps = { keys: readonly ApiKey[]; onRotate: (key: ApiKey) => void; onRevoke: (key: ApiKey) => void };

const soon = 14 * 86_400_000;
const tones: Readonly<Record<string, Tone>> = { active: 'green', ending: 'amber', expired: 'neutral', revoked: 'red' };

/** Whether a key works, ends within two weeks, or has ended. */
export function stateOf({ revoked_at, expires_at }: Pick<ApiKey, 'revoked_at' | 'expires_at'>, now: number) {
  if (revoked_at !== null) return 'revoked';
  const left = Date.parse(expires_at) - now;
  if (left <= 0) return 'expired';
  return left < soon ? 'ending' : 'active';
}

/** The keys with their last use. */
export function KeysTable({ keys, onRotate, onRevoke }: KeysTableProps) {
  const { t } = useTranslation();
  const [now] = useState(Date.now);
  const nameOf = useNames(keys.map(({ created_by }) => created_by));
  const columns: Column<ApiKey>[] = [
    {
      key: 'name',
      title: t('common.name'),
      renderCell: ({ name, prefix }) => (
        <Titled note={<code>{prefix}…</code>}>
          <bdi>{visible(name)}</bdi>
        </Titled>
      ),
    },
    {
      key: 'role',
      title: t('keys.may'),
      renderCell: ({ role, permissions }) => (
        <span title={permissions?.join(', ')}>
          {roleText(role, t)}
          {permissions !== null && `, ${t('keys.permissionCount', { count: permissions.length })}`}
        </span>
      ),
    },
    {
      key: 'state',
      title: t('keys.state'),
      renderCell: (key) => (
        <Pill tone={tones[stateOf(key, now)]} dot>
          {t(`keys.states.${stateOf(key, now)}`)}
        </Pill>
      ),
    },
    {
      key: 'used',
      title: t('keys.lastUsed'),
      renderCell: ({ last_used_at, last_used_ip }) =>
        last_used_at === null ? (
          t('lists.never')
        ) : (
          <span title={last_used_ip ?? undefined}>
            <Time at={last_used_at} />
          </span>
        ),
    },
    { key: 'by', title: t('keys.by'), renderCell: ({ created_by }) => <bdi>{visible(nameOf(created_by))}</bdi> },
    { key: 'expires', title: t('keys.expires'), renderCell: ({ expires_at }) => <Time at={expires_at} /> },
    {
      key: 'actions',
      title: t('lists.actions'),
      isTitleHidden: true,
      align: 'end',
      renderCell: (key) =>
        ['active', 'ending'].includes(stateOf(key, now)) && (
          <div className={styles.rowButtons}>
            <Button look="small" onPress={() => onRotate(key)} aria-label={t('keys.rotateOf', { name: key.name })}>
              {t('keys.rotate')}
            </Button>
            <Button look="small" onPress={() => onRevoke(key)} aria-label={t('keys.revokeOf', { name: key.name })}>
              {t('keys.revoke')}
            </Button>
          </div>
        ),
    },
  ];
  return <Table label={t('keys.title')} columns={columns} rows={keys} keyOf={({ id }) => id} />;
}
