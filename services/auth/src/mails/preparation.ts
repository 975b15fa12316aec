import type { Db } from '@clientela/db';
import { isActive } from '../accounts/rules.ts';
import { findUserByEmail } from '../accounts/store.ts';
import { audit } from '../audit/store.ts';
import { extendInvitation } from '../invitations/store.ts';
import { issueToken, renewToken } from '../tokens/store.ts';
import { tokenHours, type TokenPurpose } from '../tokens/token.ts';
import { sealContent, type Mails } from './outbox.ts';
import { chooseLanguage } from './rules.ts';
import type { MailContent, MailKind } from './schema.ts';
import { replaceMail, type QueuedMail } from './store.ts';

/** Mails with links to reset the password that a user gets in an hour. */
const RESETS_PER_HOUR = 3;

export type PreparedMail = { mail: { id: string; kind: MailKind; created_at: string }; content: MailContent };

/**
 * Decides by the current state whether a mail is still to be sent, and what it says.
 * @returns undefined for a mail that nobody needs
 */
export async function prepareMail(
  db: Db,
  mails: Mails,
  { kind, ...mail }: QueuedMail,
  content: MailContent,
): Promise<PreparedMail | undefined> {
  if (kind === 'forgot_password') return resolveForgotten(db, mails, mail, content);
  const prepared = { mail: { ...mail, kind }, content };
  if (content.token === undefined) return prepared;
  if (kind === 'invitation') return (await extendInvitation(db, content.token)) ? prepared : undefined;
  if (!isTokenPurpose(kind) || !(await renewToken(db, kind, content.token))) return undefined;
  // The address of another user gets no mail: its owner knows of no change.
  if (kind === 'change_email' && (await findUserByEmail(db, content.to))) return undefined;
  return prepared;
}

const isTokenPurpose = (kind: string): kind is TokenPurpose => Object.hasOwn(tokenHours, kind);

/**
 * Looks up whose password is forgotten, outside of the request, whose duration shows nothing. Stores the mail in place of the request,
 * so that further attempts send the same token.
 */
const resolveForgotten = (
  db: Db,
  mails: Mails,
  mail: Omit<QueuedMail, 'kind'>,
  { to, accepted }: MailContent,
): Promise<PreparedMail | undefined> =>
  db.transaction(async (tx) => {
    const user = await findUserByEmail(tx, to);
    if (!user || !isActive(user)) return undefined;
    const owner = { user_id: user.id, email: user.email };
    const token = await issueToken(tx, 'reset_password', owner, RESETS_PER_HOUR);
    if (token === undefined) return undefined;
    const content: MailContent = {
      to: user.email,
      name: user.first_name,
      language: chooseLanguage(accepted ?? null, user.company_country),
      token,
    };
    const kind = 'reset_password';
    await replaceMail(tx, mail, { user_id: user.id, kind, sealed: sealContent(mails.key, mail.id, content) });
    await audit(tx, {
      actor_id: null,
      action: 'user.password.reset_requested',
      resource_type: 'user',
      resource_id: user.id,
      company_id: user.business_id,
      request_id: mail.id,
    });
    return { mail: { ...mail, kind }, content };
  });
