import type { Tx } from '@clientela/db';
import { audit } from '../audit/store.ts';
import { linkInvitations, revokeLapsed, revokeMadeBy, revokeTaken, type RevokedInvitation } from './store.ts';

// Ends invitations for every feature module that takes away a right or gives an address to a user, in the transaction of its change.

/** Who caused the end. */
type Cause = { id: string; request_id: string; client_ip?: string | null };

/**
 * Revokes what a user invited and may no longer invite.
 * @param isGone whether the user is deleted next: then it is everything
 */
export const revokeInvitationsOf = async (tx: Tx, cause: Cause, user_id: string, isGone = false): Promise<void> =>
  auditRevoked(tx, cause, await revokeMadeBy(tx, user_id, isGone));

/** Revokes the invitations of an address that a user has by now, and links those into its company. */
export async function revokeInvitationsTo(
  tx: Tx,
  cause: Cause,
  user: { id: string; email: string; business_id: string | null },
): Promise<void> {
  await auditRevoked(tx, cause, await revokeTaken(tx, user.email));
  if (user.business_id !== null) await linkInvitations(tx, user.business_id, user);
}

/** Stores that an invitation has ended, when that is found out only now: of two changes at once neither sees the other. */
export const settleInvitation = async (tx: Tx, request_id: string, id: string): Promise<void> =>
  auditRevoked(tx, { id: 'service:auth', request_id }, await revokeLapsed(tx, id));

async function auditRevoked(
  tx: Tx,
  { id, request_id, client_ip = null }: Cause,
  revoked: readonly RevokedInvitation[],
): Promise<void> {
  for (const invitation of revoked)
    await audit(tx, {
      actor_id: id,
      action: 'invitation.revoked',
      resource_type: 'invitation',
      resource_id: invitation.id,
      company_id: invitation.company_id,
      ip: client_ip,
      request_id,
    });
}
