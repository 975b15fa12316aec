import type { User } from '@clientela/client';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, useCan, useUser } from '../api/session.ts';
import { nameOf } from '../frame/person-menu.tsx';
import { roleText } from '../frame/roles.ts';
import { attempt } from '../ui/attempt.ts';
import { Back } from '../ui/back.tsx';
import styles from '../ui/bar.module.css';
import { Button } from '../ui/button.tsx';
import { Confirm } from '../ui/confirm.tsx';
import { Failure } from '../ui/failure.tsx';
import { Notice } from '../ui/notice.tsx';
import { Page } from '../ui/page.tsx';
import { Pill } from '../ui/pill.tsx';
import { Select } from '../ui/select.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { Time } from '../ui/time.tsx';
import { toast } from '../ui/toast.tsx';
import { visible } from '../ui/visible.tsx';
import { changeUser, userQuery } from './queries.ts';
import { grantable, roles, type StaffRole } from './search.ts';

const route = getRouteApi('/frame/team/$userId');

/** A person of the company: role, whether they may sign in, second factor. */
export function TeamMemberPage() {
  const { t } = useTranslation();
  const { userId } = route.useParams();
  const { data, error, refetch } = useQuery(userQuery(userId));
  const title = data ? nameOf(data) : t('team.title');
  return (
    <Page title={title} back={<Back to="/team">{t('team.title')}</Back>}>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!error && !data && <Skeleton lines={6} />}
      {data && <Member key={data.id} user={data} />}
    </Page>
  );
}

function Member({ user }: { user: User }) {
  const { t } = useTranslation();
  const can = useCan();
  const self = useUser();
  const [keysLeft, setKeysLeft] = useState<readonly { name: string }[]>([]);
  const [isResetting, setResetting] = useState(false);
  const isSelf = self.id === user.id;
  const name = nameOf(user);

  /** Changes role or state. The person's sessions end; the toast takes the change back. */
  const change = (body: { role: StaffRole } | { is_active: boolean }, text: string, undo?: typeof body) =>
    attempt(t, async () => {
      setKeysLeft(await changeUser(user.id, body));
      toast(text, undo && { label: t('common.undo'), run: () => void change(undo, t('team.undone')) });
    });
  const setRole = (role: StaffRole) =>
    change({ role }, t('team.roleChanged', { name, role: roleText(role, t) }), {
      role: user.role as StaffRole,
    });
  const setActive = (is_active: boolean) =>
    change({ is_active }, t(is_active ? 'team.activated' : 'team.deactivated', { name }), { is_active: !is_active });
  const choices = grantable(self.role);
  const mayChange = can('users:update') && !isSelf && roles.some((role) => role === user.role);
  return (
    <>
      {keysLeft.length > 0 && (
        <Notice kind="warning">
          {visible(t('team.keysLeft', { names: keysLeft.map((key) => key.name).join(', ') }))}{' '}
          <Link to="/developers/keys">{t('keys.title')}</Link>
        </Notice>
      )}
      <dl className={styles.facts}>
        <dt>{t('common.email')}</dt>
        <dd>
          <bdi>{visible(user.email)}</bdi> {user.email_verified_at === null && <Pill>{t('team.notVerified')}</Pill>}
        </dd>
        <dt>{t('team.number')}</dt>
        <dd>{user.unique_id}</dd>
        <dt>{t('team.state')}</dt>
        <dd>
          <Pill tone={user.is_active ? 'green' : 'neutral'} dot>
            {t(user.is_active ? 'team.active' : 'team.inactive')}
          </Pill>
        </dd>
        {!mayChange && (
          <>
            <dt>{t('team.role')}</dt>
            <dd>{roleText(user.role, t)}</dd>
          </>
        )}
        <dt>{t('team.lastLogin')}</dt>
        <dd>{user.last_login === null ? t('lists.never') : <Time at={user.last_login} />}</dd>
        <dt>{t('team.joined')}</dt>
        <dd>
          <Time at={user.date_joined} />
        </dd>
      </dl>
      {mayChange && (
        <div className={styles.form}>
          <div className={styles.narrow}>
            <Select
              label={t('team.role')}
              value={user.role as StaffRole}
              onChange={(role) => role !== user.role && void setRole(role)}
              options={choices.map((value) => ({ value, text: roleText(value, t) }))}
            />
          </div>
          <div className={styles.buttons}>
            <Button onPress={() => void setActive(!user.is_active)}>
              {t(user.is_active ? 'team.deactivate' : 'team.activate')}
            </Button>
            <Button onPress={() => setResetting(true)}>{t('team.resetFactor')}</Button>
          </div>
          <p className={styles.hint}>{t('team.endsSessions')}</p>
        </div>
      )}
      {isSelf && (
        <p className={styles.hint}>
          <Link to="/me">{t('team.thatIsYou')}</Link>
        </p>
      )}
      {isResetting && (
        <Confirm
          title={t('team.resetFactorTitle', { name })}
          action={t('team.resetFactor')}
          onClose={() => setResetting(false)}
          onConfirm={async () => {
            await api.users.mfa.reset(user.id);
            toast(t('team.factorReset', { name }));
          }}
        >
          {t('team.resetFactorHint')}
        </Confirm>
      )}
    </>
  );
}
