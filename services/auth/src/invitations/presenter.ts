import type { Invitation } from './schema.ts';
import type { StoredInvitation } from './store.ts';

/** Drops the internal columns of an invitation. */
export const toInvitation = ({
  invited_account: _account,
  company_name: _name,
  company_country: _country,
  company_status: _status,
  is_taken: _taken,
  sent_ago: _sent,
  ...invitation
}: StoredInvitation): Invitation => invitation;

export const toInvitationResponse = (message: string, invitation: StoredInvitation) => ({
  message,
  invitation: toInvitation(invitation),
});
