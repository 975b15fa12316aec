import type { Tx } from '@clientela/db';
import type { StoredUser } from '../accounts/store.ts';
import { auditUser, type UserOrigin } from '../accounts/user-changes.ts';
import { queueMail, type Mails } from '../mails/outbox.ts';
import { chooseLanguage } from '../mails/rules.ts';
import type { MailKind } from '../mails/schema.ts';
import { revokeSessions } from '../sessions/session-lifecycle.ts';
import { deleteFactor } from './store.ts';

// What others than the user do to a second factor, in the transaction of their change.

/** Removes the second factor of a locked user, without its doing: all sessions end. */
export async function endFactor(tx: Tx, origin: UserOrigin, user: StoredUser): Promise<void> {
  await deleteFactor(tx, user.id);
  await revokeSessions(tx, origin, { user_id: user.id });
  await auditUser(tx, origin, user, 'user.mfa.removed', [], origin.client_ip ?? null);
}

/** Tells a user by mail what happened to the second factor. @param accepted `Accept-Language` of the user; null when somebody else did it */
export async function tellUser(
  tx: Tx,
  mails: Mails,
  { id, email, first_name, company_country }: StoredUser,
  kind: MailKind,
  accepted: string | null,
): Promise<void> {
  const content = { to: email, name: first_name, language: chooseLanguage(accepted, company_country) };
  await queueMail(tx, mails, { user_id: id, kind, content });
}
