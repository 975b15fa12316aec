import type { Invitation } from '@clientela/client';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useNames } from '../api/people.ts';
import { roleText } from '../frame/roles.ts';
import { attempt } from '../ui/attempt.ts';
import styles from '../ui/bar.module.css';
import { Button } from '../ui/button.tsx';
import { Failure } from '../ui/failure.tsx';
import { focusIfLost } from '../ui/focus.tsx';
import { Pill, type Tone } from '../ui/pill.tsx';
import { Table, Titled, type Column } from '../ui/table.tsx';
import { Time } from '../ui/time.tsx';
import { toast } from '../ui/toast.tsx';
import { visible } from '../ui/visible.tsx';
import { invitationsQuery, resendInvitation, revokeInvitation } from './queries.ts';

const tones: Readonly<Record<string, Tone>> = {
  sent: 'amber',
  opened: 'blue',
  accepted: 'green',
  expired: 'neutral',
  revoked: 'red',
};

/** Who was invited, newest first; open invitations can be sent again or revoked. */
export function Invitations() {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(invitationsQuery);
  const invitations = data?.invitations ?? [];
  const nameOf = useNames(invitations.map(({ invited_by }) => invited_by));
  const resend = ({ id, email }: Invitation) =>
    attempt(t, async () => {
      await resendInvitation(id);
      toast(t('team.resent', { email }));
    });
  const revoke = ({ id, email }: Invitation) =>
    attempt(t, async () => {
      await revokeInvitation(id);
      toast(t('team.revoked', { email }));
      focusIfLost('#invitations'); // its button is gone
    });
  if (!error && invitations.length === 0) return null;
  const columns: Column<Invitation>[] = [
    {
      key: 'email',
      title: t('common.email'),
      renderCell: ({ email, name }) => <Titled note={name && <bdi>{visible(name)}</bdi>}>{email}</Titled>,
    },
    { key: 'role', title: t('team.role'), renderCell: ({ role }) => roleText(role, t) },
    {
      key: 'status',
      title: t('team.state'),
      renderCell: ({ status }) => (
        <Pill tone={tones[status] ?? 'neutral'} dot>
          {t(`team.invitation.${status}` as 'team.invitation.sent', { defaultValue: status })}
        </Pill>
      ),
    },
    { key: 'by', title: t('team.invitedBy'), renderCell: ({ invited_by }) => <bdi>{visible(nameOf(invited_by))}</bdi> },
    { key: 'expires', title: t('team.expires'), renderCell: ({ expires_at }) => <Time at={expires_at} /> },
    {
      key: 'actions',
      title: t('lists.actions'),
      isTitleHidden: true,
      align: 'end',
      renderCell: (invitation) => (
        <div className={styles.rowButtons}>
          {['sent', 'opened', 'expired'].includes(invitation.status) && (
            <Button
              look="small"
              onPress={() => void resend(invitation)}
              aria-label={t('team.resendTo', { email: invitation.email })}
            >
              {t('team.resend')}
            </Button>
          )}
          {['sent', 'opened'].includes(invitation.status) && (
            <Button
              look="small"
              onPress={() => void revoke(invitation)}
              aria-label={t('team.revokeOf', { email: invitation.email })}
            >
              {t('team.revoke')}
            </Button>
          )}
        </div>
      ),
    },
  ];
  return (
    <section className={styles.section} aria-labelledby="invitations">
      <h2 id="invitations" tabIndex={-1}>
        {t('team.invitations')}
      </h2>
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {invitations.length > 0 && (
        <Table label={t('team.invitations')} columns={columns} rows={invitations} keyOf={({ id }) => id} />
      )}
    </section>
  );
}
