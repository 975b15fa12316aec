import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '@clientela/db';
import { backoff, startPeriodicWorker, type Log } from '@clientela/runtime';
import { onMailsCommitted, unsealContent, type Mails } from './outbox.ts';
import { mailAttempts } from './metrics.ts';
import { prepareMail } from './preparation.ts';
import { writeMail } from './rules.ts';
import { claimMails, deleteMail, postponeMail, type QueuedMail } from './store.ts';
import type { SendMail } from './transport.ts';

const POLL_MS = 2000; // finds mails of processes that died between commit and wake, and those whose next attempt is due
const CONCURRENCY = 5;
const ATTEMPT_MS = 40_000; // with the next, less than the lease of a claim, so that no two replicas send a mail at once
const REMOVAL_MS = 10_000;
const STOP_MS = 5000;
const HOUR_MS = 3_600_000;

export type MailWorkerOptions = { db: Db; mails: Mails; send: SendMail; publicUrl: string; log: Log };

/**
 * Sends queued mails, the longest due first. Safe to run in every replica.
 * @param intervalMs milliseconds between rounds that no commit wakes
 */
export function startMailWorker(options: MailWorkerOptions, intervalMs = POLL_MS): { stop: () => Promise<void> } {
  const cut = new AbortController();
  const worker = startPeriodicWorker({
    run: () => sendDueMails(options, cut.signal),
    intervalMs,
    log: options.log,
    failureMessage: 'looking for mails to send failed, retrying',
  });
  // Joining a round in progress is not enough: it may have looked before the commit.
  onMailsCommitted(options.db, () => void worker.runNow().then(() => worker.runNow()));
  return {
    // Lets mails in progress end: one that is cut off after the server has taken it is sent again.
    stop: async () => {
      const timer = setTimeout(() => cut.abort(), STOP_MS);
      await worker.stop();
      clearTimeout(timer);
    },
  };
}

/**
 * Sends a batch.
 * @param cut ends the attempts
 * @returns whether there may be more
 */
export async function sendDueMails(options: MailWorkerOptions, cut: AbortSignal): Promise<boolean> {
  const claimed = await claimMails(options.db, CONCURRENCY);
  await Promise.all(claimed.map((mail) => attempt(options, mail, cut)));
  return claimed.length === CONCURRENCY;
}

async function attempt(options: MailWorkerOptions, mail: QueuedMail, cut: AbortSignal): Promise<void> {
  const { db, mails, send, publicUrl, log } = options;
  const signal = AbortSignal.any([cut, AbortSignal.timeout(ATTEMPT_MS)]);
  let prepared;
  try {
    prepared = await prepareMail(db, mails, mail, unsealContent(mails.key, mail));
    if (prepared) await send(writeMail(prepared.mail, prepared.content, publicUrl), signal);
  } catch (error) {
    return delay(options, mail, error).catch((err: unknown) =>
      log.warn({ err, mail_id: mail.id }, 'a mail was not postponed'),
    );
  }
  await remove(options, mail, cut);
  mailAttempts.add({ outcome: prepared ? 'sent' : 'dropped' });
}

/** Deletes a mail that is done with. Tries again while the database fails, because a mail that stays is sent again. */
async function remove({ db, log }: MailWorkerOptions, mail: QueuedMail, cut: AbortSignal): Promise<void> {
  const giveUpAt = performance.now() + REMOVAL_MS;
  for (let failures = 0; ; failures += 1) {
    try {
      return void (await deleteMail(db, mail));
    } catch (err) {
      if (cut.aborted || performance.now() > giveUpAt)
        return log.warn({ err, mail_id: mail.id }, 'a mail that was sent could not be deleted and will be sent again');
    }
    await sleep(backoff(failures, { baseMs: 100, maxMs: 2000 }), undefined, { signal: cut }).catch(() => {});
  }
}

/** Postpones a mail: from a second up to 15 minutes; by an hour when the server rejected it, not the password, permanently. */
async function delay({ db, log }: MailWorkerOptions, mail: QueuedMail, error: unknown): Promise<void> {
  const failure = describeFailure(error);
  const isRejected = failure.code !== 'EAUTH' && failure.response_code !== undefined && failure.response_code >= 500;
  const milliseconds = isRejected ? HOUR_MS : backoff(mail.attempts - 1, { baseMs: 1000, maxMs: HOUR_MS / 4 });
  const waits = await postponeMail(db, mail, milliseconds);
  mailAttempts.add({ outcome: waits ? 'delayed' : 'failed' });
  const fields = { mail_id: mail.id, kind: mail.kind, attempts: mail.attempts, ...failure };
  if (!waits) log.error(fields, 'a mail could not be sent for 24 hours and is deleted');
  else if (mail.attempts === 1 || isRejected) log.warn(fields, 'a mail could not be sent and is tried again');
}

/** Leaves out the server's text, which may repeat the address. */
function describeFailure(error: unknown): { code: string; response_code?: number } {
  const { code, responseCode, name } = error as { code?: unknown; responseCode?: unknown; name?: unknown };
  return {
    code: typeof code === 'string' ? code : String(name),
    ...(typeof responseCode === 'number' && { response_code: responseCode }),
  };
}
