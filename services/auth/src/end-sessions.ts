import { randomUUID } from 'node:crypto';
import { connect, failureMessage } from '@clientela/db';
import { readEnvironment, runCommand } from '@clientela/runtime';
import { z } from 'zod';
import { audit } from './audit/store.ts';
import { AUTH_DATABASE_URL } from './config.ts';
import { endAllSessions } from './sessions/store.ts';

// `node src/end-sessions.ts` ends all sessions, as after a restore, which brings back those that were ended since the backup. Everybody
// signs in again. Prints their number.

await runCommand(async () => {
  const settings = readEnvironment(z.object({ AUTH_DATABASE_URL }));
  const db = connect(settings.AUTH_DATABASE_URL, { name: 'end sessions', pool: 1, statementTimeout: 60_000 });
  try {
    const ended = await db.transaction(async (tx) => {
      const entry = { actor_id: 'service:auth', company_id: null, request_id: randomUUID() };
      await audit(tx, { ...entry, action: 'sessions.ended', resource_type: 'session' });
      return endAllSessions(tx);
    });
    process.stdout.write(`${ended}\n`);
  } finally {
    await db.destroy();
  }
}, failureMessage);
