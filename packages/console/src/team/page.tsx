import type { UserListItem } from '@clientela/client';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { UserPlus } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useCan } from '../api/session.ts';
import { nameOf } from '../frame/person-menu.tsx';
import { roleText } from '../frame/roles.ts';
import { useShortcuts } from '../frame/shortcuts.ts';
import { Avatar } from '../ui/avatar.tsx';
import styles from '../ui/bar.module.css';
import { Button } from '../ui/button.tsx';
import { Empty } from '../ui/empty.tsx';
import { Failure } from '../ui/failure.tsx';
import { formatNumber } from '../ui/format.ts';
import { Page } from '../ui/page.tsx';
import { Pager } from '../ui/pager.tsx';
import { Pill } from '../ui/pill.tsx';
import { SearchField } from '../ui/search-field.tsx';
import { Select } from '../ui/select.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { Table, Titled, type Column } from '../ui/table.tsx';
import { visible } from '../ui/visible.tsx';
import { Invitations } from './invitations.tsx';
import { InviteDialog } from './invite-dialog.tsx';
import { perPage, usersQuery } from './queries.ts';
import { roles, type TeamSearch } from './search.ts';

const route = getRouteApi('/frame/team');

/** The people of the company, and who is invited. */
export function TeamPage() {
  const { t } = useTranslation();
  const can = useCan();
  const { page = 1, search: text, role, state } = route.useSearch();
  const navigate = route.useNavigate();
  const [isInviting, setInviting] = useState(false);
  const { data, error, refetch, isPlaceholderData } = useQuery(
    usersQuery(page, {
      ...(text !== undefined && { search: text }),
      ...(role !== undefined && { role }),
      ...(state !== undefined && { is_active: state === 'active' }),
    }),
  );
  const filter = (change: TeamSearch) =>
    void navigate({ search: (rest) => ({ ...rest, page: undefined, ...change }), replace: true });
  const mayInvite = can('users:create');
  const invite = () => setInviting(true);
  useShortcuts(mayInvite ? { c: invite } : {});
  const columns = useColumns();
  return (
    <Page
      title={t('team.title')}
      count={data && formatNumber(data.total)}
      actions={
        mayInvite && (
          <Button look="primary" onPress={invite} aria-keyshortcuts="c">
            <UserPlus size={16} strokeWidth={1.75} aria-hidden />
            {t('team.invite')}
          </Button>
        )
      }
    >
      <div className={styles.filters}>
        <SearchField
          label={t('team.search')}
          value={text ?? ''}
          onSearch={(found) => filter({ search: found || undefined })}
        />
        <Select
          label={t('team.role')}
          isLabelHidden
          value={role ?? 'all'}
          onChange={(value) => filter({ role: value === 'all' ? undefined : value })}
          options={[
            { value: 'all', text: t('team.allRoles') },
            ...roles.map((value) => ({ value, text: roleText(value, t) })),
          ]}
        />
        <Select
          label={t('team.state')}
          isLabelHidden
          value={state ?? 'all'}
          onChange={(value) => filter({ state: value === 'all' ? undefined : value })}
          options={(['all', 'active', 'inactive'] as const).map((value) => ({
            value,
            text: t(`team.filter.${value}`),
          }))}
        />
      </div>
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!error && !data && <Skeleton lines={6} height={20} />}
      {data && data.users.length > 0 && (
        <Table
          label={t('team.title')}
          columns={columns}
          rows={data.users}
          keyOf={({ id }) => id}
          isStale={isPlaceholderData}
        />
      )}
      {data?.users.length === 0 && <Empty>{t('team.noneFound')}</Empty>}
      {data && (
        <Pager
          page={page}
          pages={Math.ceil(data.total / perPage)}
          onPage={(next) => void navigate({ search: (rest) => ({ ...rest, page: next > 1 ? next : undefined }) })}
        />
      )}
      <p className={styles.hint}>
        <Link to="/team/roles">{t('team.rolesLink')}</Link>
      </p>
      {mayInvite && <Invitations />}
      {isInviting && <InviteDialog onClose={() => setInviting(false)} />}
    </Page>
  );
}

function useColumns(): Column<UserListItem>[] {
  const { t } = useTranslation();
  return [
    {
      key: 'name',
      title: t('common.name'),
      renderCell: (user) => (
        <div className={styles.person}>
          <Avatar id={user.id} name={nameOf(user)} size={28} />
          <Titled note={<bdi>{visible(user.email)}</bdi>}>
            <Link to="/team/$userId" params={{ userId: user.id }} dir="auto">
              {visible(nameOf(user))}
            </Link>
          </Titled>
        </div>
      ),
    },
    { key: 'role', title: t('team.role'), renderCell: ({ role }) => roleText(role, t) },
    { key: 'number', title: t('team.number'), renderCell: ({ unique_id }) => unique_id },
    {
      key: 'state',
      title: t('team.state'),
      renderCell: ({ is_active }) => (
        <Pill tone={is_active ? 'green' : 'neutral'} dot>
          {t(is_active ? 'team.active' : 'team.inactive')}
        </Pill>
      ),
    },
  ];
}
