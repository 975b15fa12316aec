import { afterCommit, outermostOf, type Db, type Tx } from '@clientela/db';
import { unavailable } from '@clientela/errors';
import { deriveKey } from '@clientela/runtime';
import { seal, unseal } from '../keys/sealing.ts';
import { MailContent, type QueuedKind } from './schema.ts';
import { insertMail, type QueuedMail } from './store.ts';

/** Whether mails can be sent, and the key that seals those that wait. */
export type Mails = { isConfigured: boolean; key: Buffer };

/** @param secret AUTH_SECRET */
export const createMails = (secret: string, isConfigured: boolean): Mails => ({
  isConfigured,
  key: deriveKey(secret, 'clientela auth mails'),
});

/** @throws AppError 503 MAIL_NOT_CONFIGURED, for routes whose whole point is a mail */
export function requireMail({ isConfigured }: Mails): void {
  if (isConfigured) return;
  throw unavailable('Mail is not configured; an operator must set SMTP_URL', {
    error_code: 'MAIL_NOT_CONFIGURED',
    retryAfter: 3600,
  });
}

/**
 * Queues a mail in the transaction of the change that it is about; the commit wakes the worker. Does nothing where no mail can be sent.
 * @param mail.user_id of the user whom the mail is about; null when there is none, or none is known yet
 */
export async function queueMail(
  tx: Tx,
  { isConfigured, key }: Mails,
  { user_id, kind, content }: { user_id: string | null; kind: QueuedKind; content: MailContent },
): Promise<void> {
  if (!isConfigured) return;
  await insertMail(tx, { user_id, kind, seal: (id) => sealContent(key, id, content) });
  const wake = outermostOf(tx).userParams[setting] as (() => void) | undefined;
  if (wake) afterCommit(tx, wake);
}

export const sealContent = (key: Buffer, id: string, content: MailContent): Buffer =>
  seal(key, Buffer.from(JSON.stringify(content)), id);

/** @throws Error for a row that was sealed with another AUTH_SECRET */
export const unsealContent = (key: Buffer, { id, sealed }: Pick<QueuedMail, 'id' | 'sealed'>): MailContent =>
  MailContent.parse(JSON.parse(unseal(key, sealed, id).toString()));

const setting = 'wakeMails';

/** Calls `wake` after each commit of this pool that queues a mail. */
export function onMailsCommitted(db: Db, wake: () => void): void {
  db.userParams[setting] = wake;
}
