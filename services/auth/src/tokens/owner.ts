import type { Tx } from '@clientela/db';
import { isActive } from '../accounts/rules.ts';
import { findUser, lockUser, type StoredUser } from '../accounts/store.ts';
import type { UserOrigin } from '../accounts/user-changes.ts';
import { shareCompanyRow } from '../companies/store.ts';
import { findTokenOwner, spendToken } from './store.ts';
import { tokenInvalid, type TokenPurpose } from './token.ts';

/**
 * Spends a token and locks its user. Lock order: the company, the user, then the token.
 * @returns the user, and the address that the token was sent to
 * @throws AppError 422 TOKEN_INVALID, also when the user or its company is not active, or the user has another address by now
 */
export async function spendOwnToken(
  tx: Tx,
  purpose: TokenPurpose,
  token: string,
): Promise<{ user: StoredUser; email: string }> {
  const found = await findTokenOwner(tx, purpose, token);
  const known = found && (await findUser(tx, found.user_id));
  if (known?.business_id) await shareCompanyRow(tx, known.business_id);
  const user = known && (await lockUser(tx, known.id));
  const owner = user && isActive(user) ? await spendToken(tx, purpose, token) : undefined;
  if (!user || !owner || (purpose !== 'change_email' && owner.email !== user.email)) throw tokenInvalid();
  return { user, email: owner.email };
}

/** The origin of a request without a signed-in user. */
export type OpenRequest = { request_id: string; client_ip: string | null };

/** The origin of what the owner of a token does. */
export const originOfOwner = ({ id, business_id }: StoredUser, request: OpenRequest): UserOrigin => ({
  id,
  company_id: business_id,
  ...request,
});
