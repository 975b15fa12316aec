import type { KeyObject } from 'node:crypto';
import { afterCommit, type Db, type Tx } from '@clientela/db';
import { unavailable } from '@clientela/errors';
import { deriveKey } from '@clientela/runtime';
import { seal, unseal } from '../keys/sealing.ts';
import { MailContent, type QueuedKind } from './schema.ts';
import { insertMail, type QueuedMail } from './store.ts';

/** Whether mails can be sent, and the key that seals those that wait. */
export type Mails = { isConfigured: boolean; key: KeyObject };

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

/** `user_id` and `invitation_id` say what the mail is about: with that, it is deleted. Neither is known for a forgotten password. */
export type NewMail = { user_id: string | null; invitation_id?: string; kind: QueuedKind; content: MailContent };

/**
 * Queues a mail in the transaction of the change that it is about; the commit wakes the worker. Does nothing where no mail can be sent.
 */
export async function queueMail(
  tx: Tx,
  { isConfigured, key }: Mails,
  { user_id, invitation_id, kind, content }: NewMail,
): Promise<void> {
  if (!isConfigured) return;
  await insertMail(tx, {
    user_id,
    invitation_id: invitation_id ?? null,
    kind,
    seal: (id) => sealContent(key, id, content),
  });
  const wake = tx.userParams[setting] as (() => void) | undefined;
  if (wake) afterCommit(tx, wake);
}

export const sealContent = (key: KeyObject, id: string, content: MailContent): Buffer =>
  seal(key, Buffer.from(JSON.stringify(content)), id);

/** @throws Error for a row that was sealed with another AUTH_SECRET */
export const unsealContent = (key: KeyObject, { id, sealed }: Pick<QueuedMail, 'id' | 'sealed'>): MailContent =>
  MailContent.parse(JSON.parse(unseal(key, sealed, id).toString()));

const setting = 'wakeMails';

/** Calls `wake` after each commit of this pool that queues a mail. */
export function onMailsCommitted(db: Db, wake: () => void): void {
  db.userParams[setting] = wake;
}
