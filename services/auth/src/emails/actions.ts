import type { Tx } from '@clientela/db';
import { invalid, rateLimited } from '@clientela/errors';
import type { Actor } from '@clientela/http';
import { lockUser, type StoredUser } from '../accounts/store.ts';
import { auditUser, originOf, requireActive, saveUser } from '../accounts/user-changes.ts';
import { queueMail, type Mails } from '../mails/outbox.ts';
import { chooseLanguage } from '../mails/rules.ts';
import { lockProvenUser, type PasswordProof } from '../sign-ins/password-proof.ts';
import { originOfOwner, spendOwnToken, type OpenRequest } from '../tokens/owner.ts';
import { issueToken, secondsUntilToken } from '../tokens/store.ts';
import type { TokenPurpose } from '../tokens/token.ts';

/** Mails of one purpose that a user can cause in an hour. */
const MAILS_PER_HOUR = 5;

/**
 * Sends the signed-in user a link that verifies its address.
 * @returns false when it is verified already
 * @throws AppError 429 beyond five mails an hour
 */
export async function requestVerification(
  tx: Tx,
  mails: Mails,
  actor: Actor,
  accepted: string | null,
): Promise<boolean> {
  const user = requireActive(await lockUser(tx, actor.id));
  if (user.email_verified_at !== null) return false;
  if (!(await queueVerification(tx, mails, user, accepted))) throw await tooManyMails(tx, 'verify_email', user.id);
  return true;
}

const tooManyMails = async (tx: Tx, purpose: TokenPurpose, user_id: string) =>
  rateLimited(
    await secondsUntilToken(tx, purpose, user_id, MAILS_PER_HOUR),
    `${MAILS_PER_HOUR} such mails were sent within an hour`,
  );

/** @returns false when the user has got five such mails within the hour */
export async function queueVerification(
  tx: Tx,
  mails: Mails,
  user: StoredUser,
  accepted: string | null,
): Promise<boolean> {
  const token = await issueToken(tx, 'verify_email', { user_id: user.id, email: user.email }, MAILS_PER_HOUR);
  if (token === undefined) return false;
  const language = chooseLanguage(accepted, user.company_country);
  const content = { to: user.email, name: user.first_name, language, token };
  await queueMail(tx, mails, { user_id: user.id, kind: 'verify_email', content });
  return true;
}

/** @throws AppError 422 TOKEN_INVALID */
export async function verifyEmail(tx: Tx, token: string, request: OpenRequest): Promise<void> {
  const { user } = await spendOwnToken(tx, 'verify_email', token);
  if (user.email_verified_at !== null) return;
  const changes = { email_verified_at: new Date().toISOString() };
  await saveUser(tx, originOfOwner(user, request), user, changes, Object.keys(changes));
}

/**
 * Sends a link to the new address, and tells the old one. Nothing changes before the link is used. When another user has the address, the
 * worker sends nothing to it.
 * @returns false when the password was wrong or the account is locked, which the caller must commit
 * @throws AppError 422 for the present address, 429 beyond five mails an hour
 */
export async function requestEmailChange(
  tx: Tx,
  mails: Mails,
  actor: Actor,
  change: { email: string; proof: PasswordProof; accepted: string | null },
): Promise<boolean> {
  const user = await lockProvenUser(tx, actor, change.proof, 'user.email.change_requested');
  if (!user) return false;
  if (user.email.toLowerCase() === change.email.toLowerCase())
    throw invalid([{ path: 'email', message: 'is your e-mail address already' }]);
  const token = await issueToken(tx, 'change_email', { user_id: user.id, email: change.email }, MAILS_PER_HOUR);
  if (token === undefined) throw await tooManyMails(tx, 'change_email', user.id);
  const content = { name: user.first_name, language: chooseLanguage(change.accepted, user.company_country) };
  const mail = { user_id: user.id };
  await queueMail(tx, mails, { ...mail, kind: 'change_email', content: { ...content, to: change.email, token } });
  await queueMail(tx, mails, {
    ...mail,
    kind: 'email_change_requested',
    content: { ...content, to: user.email, email: change.email },
  });
  await auditUser(tx, originOf(actor), user, 'user.email.change_requested', ['email'], actor.client_ip);
  return true;
}

/** @throws AppError 422 TOKEN_INVALID, 409 when another user has taken the address meanwhile */
export async function confirmEmailChange(tx: Tx, token: string, request: OpenRequest): Promise<void> {
  const { user, email } = await spendOwnToken(tx, 'change_email', token);
  const changes = { email, email_verified_at: new Date().toISOString() };
  await saveUser(tx, originOfOwner(user, request), user, changes, Object.keys(changes));
}
