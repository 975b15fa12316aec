import { setTimeout as sleep } from 'node:timers/promises';
import { connect, databaseFault } from '@clientela/db';
import { startRelay } from '@clientela/events';
import { callersOf, listen } from '@clientela/http';
import { createLog, runProgram, type Log } from '@clientela/runtime';
import { createPasswords } from './accounts/passwords.ts';
import { createApp } from './app.ts';
import { readConfig } from './config.ts';
import { openSigningKey } from './keys/signing-key.ts';
import { tokenIssuer } from './sessions/access-token.ts';

await runProgram(async (onClose) => {
  const config = readConfig();
  const log = createLog('auth', config.LOG_LEVEL);
  const url = config.AUTH_DATABASE_URL;

  const db = connect(url, { name: 'auth' });
  onClose(() => db.destroy());
  const signing_key = await whenThere(() => openSigningKey(db, config.AUTH_SECRET), log);
  const relay = startRelay({ db, url, service: 'auth', subscribers: [], log });
  onClose(() => relay.stop());

  const app = createApp({
    db,
    log,
    callers: callersOf(config.SERVICE_KEY_HASHES),
    passwords: createPasswords(),
    issue_token: tokenIssuer(signing_key, config.ACCESS_TOKEN_EXPIRE_MINUTES),
    defaults: { country: config.DEFAULT_COUNTRY, currency: config.DEFAULT_CURRENCY },
    after_commit: relay.committed,
  });
  const server = await listen(app, { host: config.HOST, port: config.AUTH_PORT });
  onClose(() => server.close());
  log.info({ port: server.port }, 'listening');
});

/** Without its database this service has no key to sign with: it waits for it rather than die of it. */
async function whenThere<T>(work: () => Promise<T>, log: Log): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!databaseFault(error)) throw error;
      if (attempt === 1) log.warn({ err: error }, 'waiting for the database');
      await sleep(250);
    }
  }
}
