import type { Tx } from '@clientela/db';
import { saveUser } from '../accounts/user-changes.ts';
import { queueMail, type Mails } from '../mails/outbox.ts';
import { chooseLanguage } from '../mails/rules.ts';
import { revokeSessions } from '../sessions/session-lifecycle.ts';
import { clearFailures } from '../sign-ins/lockout-store.ts';
import { originOfOwner, spendOwnToken, type OpenRequest } from '../tokens/owner.ts';

const maxAcceptLanguage = 200; // characters

/**
 * Queues a request for a new password. It does the same for every address; the worker looks up whose it is, so that neither the response
 * nor its duration shows whether there is a user.
 */
export const requestReset = (tx: Tx, mails: Mails, email: string, accepted: string | null): Promise<void> =>
  queueMail(tx, mails, {
    user_id: null,
    kind: 'forgot_password',
    content: { to: email, language: 'en', accepted: (accepted ?? '').slice(0, maxAcceptLanguage) },
  });

/**
 * Sets a new password, ends all sessions and tells the user by mail. The address counts as verified, because its mail was read.
 * @throws AppError 422 TOKEN_INVALID
 */
export async function resetPassword(
  tx: Tx,
  mails: Mails,
  { token, password_hash, accepted }: { token: string; password_hash: string; accepted: string | null },
  request: OpenRequest,
): Promise<void> {
  const { user } = await spendOwnToken(tx, 'reset_password', token);
  const origin = originOfOwner(user, request);
  const verified = user.email_verified_at === null ? { email_verified_at: new Date().toISOString() } : {};
  await saveUser(tx, origin, user, { password_hash, ...verified }, ['password', ...Object.keys(verified)]);
  await clearFailures(tx, user.id);
  await revokeSessions(tx, origin, { user_id: user.id });
  const content = { to: user.email, name: user.first_name, language: chooseLanguage(accepted, user.company_country) };
  await queueMail(tx, mails, { user_id: user.id, kind: 'password_reset', content });
}
