import { setTimeout as sleep } from 'node:timers/promises';
import { redactedNames } from '@clientela/contracts';
import { connect, asUnavailable, type Db } from '@clientela/db';
import { outboxPoolOptions, startEvents } from '@clientela/events';
import { parseServiceKeys, createCursors, startIdempotencyCleanup, listen, serviceClient } from '@clientela/http';
import { createLog, runService, type Log } from '@clientela/runtime';
import { createPasswords } from './accounts/passwords.ts';
import { profileMaker } from './accounts/profiles.ts';
import { createApp } from './app.ts';
import { readConfig, type Config } from './config.ts';
import { openSigningKeys, sharedKey, type SigningKey } from './keys/signing-key.ts';
import { receiptKeys } from './receipts/receipt-key.ts';
import { startCleaning } from './sessions/worker.ts';
import { tokenIssuer } from './sessions/access-token.ts';
import { refreshTokens } from './sessions/refresh-token.ts';
import { subscriptions } from './subscriptions.ts';

const rereading = 10_000; // milliseconds in which a rotated key is heard of

await runService(async (onClose) => {
  const config = readConfig();
  const log = createLog('auth', config.LOG_LEVEL, { redact: redactedNames });
  const url = config.AUTH_DATABASE_URL;

  const db = connect(url, { name: 'auth', ...outboxPoolOptions(config) });
  onClose(() => db.destroy());
  const tokens = { algorithm: config.JWT_ALGORITHM, minutes: config.ACCESS_TOKEN_EXPIRE_MINUTES };
  const current = await signer(config, db, log, onClose);
  const receipt_keys = receiptKeys(config.AUTH_SECRET);
  await whenThere(() => receipt_keys(db), log);
  const cleaning = startCleaning(db, log);
  onClose(() => cleaning.stop());
  const forgetting = startIdempotencyCleanup(db, log);
  onClose(() => forgetting.stop());
  const customer = { service: 'customer', url: config.CUSTOMER_SERVICE_URL, key: config.AUTH_SERVICE_KEY } as const;
  const others = [
    serviceClient(customer),
    serviceClient({ ...customer, service: 'interaction', url: config.INTERACTION_SERVICE_URL }),
    serviceClient({ ...customer, service: 'product', url: config.PRODUCT_SERVICE_URL }),
    serviceClient({ ...customer, service: 'favorites', url: config.FAVORITES_SERVICE_URL }),
  ];
  const subscribers = others.slice(0, 1); // the customer service hears of users
  const events = startEvents({ db, url, service: 'auth', subscriptions, subscribers, settings: config, log });
  onClose(() => events.stop());

  const app = createApp({
    db,
    log,
    serviceKeys: parseServiceKeys(config.SERVICE_KEY_HASHES),
    secret: config.AUTH_SECRET,
    passwords: createPasswords(),
    tokens,
    issue_token: tokenIssuer(current, tokens.minutes),
    receipt_keys,
    sessions: { refresh: refreshTokens(config.AUTH_SECRET), days: config.REFRESH_TOKEN_EXPIRE_DAYS },
    defaults: { country: config.DEFAULT_COUNTRY, currency: config.DEFAULT_CURRENCY },
    make_profile: profileMaker(serviceClient({ ...customer, timeout: 1000 })),
    cursors: createCursors(config.AUTH_SECRET),
    services: others,
    metrics: events.metrics,
  });
  const server = await listen(app, { host: config.HOST, port: config.AUTH_PORT });
  onClose(() => server.close());
  log.info({ port: server.port }, 'listening');
});

/** What signs access tokens: the shared secret, or the key pair that the database says, also after it was rotated. */
async function signer(
  { JWT_ALGORITHM, JWT_SECRET_KEY = '', AUTH_SECRET }: Config,
  db: Db,
  log: Log,
  onClose: (closing: () => void) => void,
): Promise<() => SigningKey> {
  if (JWT_ALGORITHM === 'HS256') {
    const key = sharedKey(JWT_SECRET_KEY);
    return () => key;
  }
  const keys = await whenThere(() => openSigningKeys(db, AUTH_SECRET), log);
  const timer = setInterval(() => {
    keys.reload().catch((error: unknown) => log.warn({ err: error }, 'the signing keys could not be read again'));
  }, rereading);
  onClose(() => clearInterval(timer));
  return keys.current;
}

/** Without its database this service has no key to sign with: it waits for it rather than die of it. */
async function whenThere<T>(work: () => Promise<T>, log: Log): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!asUnavailable(error)) throw error;
      if (attempt === 1) log.warn({ err: error }, 'waiting for the database');
      await sleep(250);
    }
  }
}
