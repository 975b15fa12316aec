import { setTimeout as sleep } from 'node:timers/promises';
import { redactedNames } from '@clientela/contracts';
import { connect, asUnavailable, type Db } from '@clientela/db';
import { outboxPoolOptions, startEvents } from '@clientela/events';
import { parseServiceKeys, createCursors, startIdempotencyCleanup, listen, serviceClient } from '@clientela/http';
import { createLog, runService, type Log } from '@clientela/runtime';
import { createProfileClient } from './accounts/customer-profiles.ts';
import { createPasswords } from './accounts/passwords.ts';
import { createApp } from './app.ts';
import { readConfig, type Config } from './config.ts';
import { hs256Key, loadSigningKeys, type SigningKey } from './keys/signing-key.ts';
import { createReceiptKeyLoader } from './receipts/receipt-key.ts';
import { createTokenIssuer } from './sessions/access-token.ts';
import { createRefreshTokens } from './sessions/refresh-token.ts';
import { startSessionCleanup } from './sessions/worker.ts';
import { subscriptions } from './subscriptions.ts';

const keyReloadInterval = 10_000; // milliseconds
const profileTimeout = 1000; // milliseconds that a registration waits for the customer profile

await runService(async (onShutdown) => {
  const config = readConfig();
  const log = createLog('auth', config.LOG_LEVEL, { redact: redactedNames });
  const url = config.AUTH_DATABASE_URL;

  const db = connect(url, { name: 'auth', ...outboxPoolOptions(config) });
  onShutdown(() => db.destroy());
  const tokens = { algorithm: config.JWT_ALGORITHM, lifetimeMinutes: config.ACCESS_TOKEN_EXPIRE_MINUTES };
  const currentKey = await openTokenSigner(config, db, log, onShutdown);
  const loadReceiptKey = createReceiptKeyLoader(config.AUTH_SECRET);
  await waitForDatabase(() => loadReceiptKey(db), log);
  const sessionCleanup = startSessionCleanup(db, log);
  onShutdown(() => sessionCleanup.stop());
  const idempotencyCleanup = startIdempotencyCleanup(db, log);
  onShutdown(() => idempotencyCleanup.stop());
  const customer = { service: 'customer', url: config.CUSTOMER_SERVICE_URL, key: config.AUTH_SERVICE_KEY } as const;
  const services = [
    serviceClient(customer),
    serviceClient({ ...customer, service: 'interaction', url: config.INTERACTION_SERVICE_URL }),
    serviceClient({ ...customer, service: 'product', url: config.PRODUCT_SERVICE_URL }),
    serviceClient({ ...customer, service: 'favorites', url: config.FAVORITES_SERVICE_URL }),
  ];
  const subscribers = services.slice(0, 1); // only the customer service consumes events of auth
  const events = startEvents({ db, url, service: 'auth', subscriptions, subscribers, settings: config, log });
  onShutdown(() => events.stop());

  const app = createApp({
    db,
    log,
    serviceKeys: parseServiceKeys(config.SERVICE_KEY_HASHES),
    secret: config.AUTH_SECRET,
    passwords: createPasswords(),
    tokens,
    issueToken: createTokenIssuer(currentKey, tokens.lifetimeMinutes),
    loadReceiptKey,
    sessions: {
      refreshTokens: createRefreshTokens(config.AUTH_SECRET),
      refreshDays: config.REFRESH_TOKEN_EXPIRE_DAYS,
    },
    defaults: { country: config.DEFAULT_COUNTRY, currency: config.DEFAULT_CURRENCY },
    createProfile: createProfileClient(serviceClient({ ...customer, timeout: profileTimeout })),
    cursors: createCursors(config.AUTH_SECRET),
    services,
    metrics: events.metrics,
  });
  const server = await listen(app, { host: config.HOST, port: config.AUTH_PORT });
  onShutdown(() => server.close());
  log.info({ port: server.port }, 'listening');
});

/** Returns the current signing key: the shared secret, or the key pair from the database, reloaded after rotations. */
async function openTokenSigner(
  { JWT_ALGORITHM, JWT_SECRET_KEY = '', AUTH_SECRET }: Config,
  db: Db,
  log: Log,
  onShutdown: (hook: () => void) => void,
): Promise<() => SigningKey> {
  if (JWT_ALGORITHM === 'HS256') {
    const key = hs256Key(JWT_SECRET_KEY);
    return () => key;
  }
  const keys = await waitForDatabase(() => loadSigningKeys(db, AUTH_SECRET), log);
  const timer = setInterval(() => {
    keys.reload().catch((error: unknown) => log.warn({ err: error }, 'reloading the signing keys failed'));
  }, keyReloadInterval);
  onShutdown(() => clearInterval(timer));
  return keys.current;
}

/** Retries until the database is available, because the service cannot start without its keys. */
async function waitForDatabase<T>(work: () => Promise<T>, log: Log): Promise<T> {
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
