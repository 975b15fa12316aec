import type { Db } from '@clientela/db';
import { startPeriodicWorker, type Log, type PeriodicWorker } from '@clientela/runtime';
import { deleteOldCodes } from '../identities/store.ts';
import { deleteOldInvitations } from '../invitations/store.ts';
import { deleteOldMails } from '../mails/store.ts';
import { deleteExpired } from '../second-factors/store.ts';
import { deleteOldTokens } from '../tokens/store.ts';
import { purgeOldFailures } from '../sign-ins/lockout-store.ts';
import { deletePastSessions } from './store.ts';

/**
 * Periodically deletes past sessions, expired sign-in failures and tokens, old invitations and one-time codes, mails that nothing sends, and
 * expired steps of second factors. Safe to run in every replica.
 */
export const startCleanup = (db: Db, log: Log): PeriodicWorker =>
  startPeriodicWorker({
    run: async () => {
      await purgeOldFailures(db);
      await deletePastSessions(db);
      await deleteOldTokens(db);
      await deleteOldMails(db);
      await deleteOldInvitations(db);
      await deleteOldCodes(db);
      await deleteExpired(db);
    },
    intervalMs: 60_000,
    delayFirst: true,
    log,
    failureMessage: 'cleanup failed, retrying',
  });
