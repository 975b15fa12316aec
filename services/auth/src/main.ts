import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { outsideServices, revocationsChannel } from '@clientela/contracts';
import { asUnavailable, type Db } from '@clientela/db';
import { outboxPoolOptions, startEvents } from '@clientela/events';
import { createCursors, runService } from '@clientela/http';
import { connectRedis, startPeriodicWorker, type Log, type ShutdownHook } from '@clientela/runtime';
import { createProfileClient } from './accounts/customer-profiles.ts';
import { createPasswords } from './accounts/passwords.ts';
import { createApp } from './app.ts';
import { readConfig, type Config } from './config.ts';
import { createAttempts } from './identities/attempt.ts';
import { openProvider } from './identities/provider.ts';
import type { Oidc } from './identities/routes.ts';
import { providersOf } from './identities/settings.ts';
import { hs256Key, loadSigningKeys, type SigningKey } from './keys/signing-key.ts';
import { createMails } from './mails/outbox.ts';
import { mailMetrics } from './mails/metrics.ts';
import { folderSender, smtpSender, type SendMail } from './mails/transport.ts';
import { startMailWorker } from './mails/worker.ts';
import { createReceiptKeyLoader } from './receipts/receipt-key.ts';
import { onRevocationsCommitted } from './sessions/announcements.ts';
import { createTokenIssuer } from './sessions/access-token.ts';
import { createSecondFactors } from './second-factors/codes.ts';
import { createRefreshTokens } from './sessions/refresh-token.ts';
import { startCleanup } from './sessions/worker.ts';
import { subscriptions } from './subscriptions.ts';

const keyReloadIntervalMs = 10_000;
/** Of an installation in development; production needs settings. */
const [defaultFrom, defaultPublicUrl] = ['Clientela <no-reply@clientela.local>', 'http://127.0.0.1:8080'];
const profileTimeout = 1000; // milliseconds that a registration waits for the customer profile

await runService('auth', {
  readConfig,
  migrations: join(import.meta.dirname, '../migrations'),
  outsideCallers: outsideServices,
  poolOptions: outboxPoolOptions,
  start: async ({ config, deps, databaseUrl, client, onShutdown }) => {
    const { db, log, secret } = deps;
    const tokens = { algorithm: config.JWT_ALGORITHM, lifetimeMinutes: config.ACCESS_TOKEN_EXPIRE_MINUTES };
    const currentKey = await openTokenSigner(config, db, log, onShutdown);
    const loadReceiptKey = createReceiptKeyLoader(secret);
    await waitForDatabase(() => loadReceiptKey(db), log);
    if (config.REDIS_URL !== undefined) {
      const redis = connectRedis(config.REDIS_URL, log);
      onShutdown(() => redis.close());
      onRevocationsCommitted(db, () => void redis.run((client) => client.publish(revocationsChannel, '')));
    }
    const sendMail = openMailSender(config);
    const mails = createMails(secret, sendMail !== undefined);
    if (sendMail) {
      const publicUrl = config.PUBLIC_URL ?? defaultPublicUrl;
      const mailWorker = startMailWorker({ db, mails, send: sendMail, publicUrl, log });
      onShutdown(() => mailWorker.stop());
    }
    const cleanup = startCleanup(db, log);
    onShutdown(() => cleanup.stop());
    const customer = client('customer');
    const events = startEvents({
      ...deps,
      url: databaseUrl,
      service: 'auth',
      subscriptions: subscriptions({ customer }),
      client,
      settings: config,
    });
    onShutdown(() => events.stop());

    return createApp({
      ...deps,
      passwords: createPasswords(),
      tokens,
      issueToken: createTokenIssuer(currentKey, tokens.lifetimeMinutes),
      loadReceiptKey,
      sessions: { refreshTokens: createRefreshTokens(secret), refreshDays: config.REFRESH_TOKEN_EXPIRE_DAYS },
      defaults: { country: config.DEFAULT_COUNTRY, currency: config.DEFAULT_CURRENCY },
      createProfile: createProfileClient(client('customer', { timeout: profileTimeout })),
      cursors: createCursors(secret),
      customer,
      maxKeyRate: config.RATE_LIMIT_USER_PER_MINUTE,
      services: [customer, client('interaction'), client('product'), client('favorites')],
      mails,
      oidc: openOidc(config, log),
      secondFactors: createSecondFactors(secret),
      requireVerifiedEmail: config.REQUIRE_VERIFIED_EMAIL === 'on',
      metrics: [events.metrics, mailMetrics(db)],
    });
  },
});

/** Prepares the providers of the settings. None of them is asked before the first sign-in. */
function openOidc(config: Config, log: Log): Oidc {
  const publicUrl = config.PUBLIC_URL ?? defaultPublicUrl;
  const redirectUri = (name: string) => `${publicUrl}/auth/oidc/${name}/callback`;
  return {
    providers: providersOf(config).map((settings) => openProvider(settings, redirectUri(settings.name), log)),
    attempts: createAttempts(config.AUTH_SECRET, publicUrl.startsWith('https:')),
    publicUrl,
  };
}

/** Opens the mail server of the settings; without one, in development, a folder. */
function openMailSender({ SMTP_URL, MAIL_FROM, PUBLIC_URL, MAILS_FOLDER, ENVIRONMENT }: Config): SendMail | undefined {
  const from = MAIL_FROM ?? defaultFrom;
  if (SMTP_URL !== undefined)
    return smtpSender({ url: SMTP_URL, from, clientName: new URL(PUBLIC_URL ?? defaultPublicUrl).hostname });
  return ENVIRONMENT === 'development' && MAILS_FOLDER !== undefined
    ? folderSender({ folder: MAILS_FOLDER, from })
    : undefined;
}

/** Returns the current signing key: the shared secret, or the key pair from the database, reloaded after rotations. */
async function openTokenSigner(
  { JWT_ALGORITHM, JWT_SECRET_KEY = '', AUTH_SECRET }: Config,
  db: Db,
  log: Log,
  onShutdown: (hook: ShutdownHook) => void,
): Promise<() => SigningKey> {
  if (JWT_ALGORITHM === 'HS256') {
    const key = hs256Key(JWT_SECRET_KEY);
    return () => key;
  }
  const keys = await waitForDatabase(() => loadSigningKeys(db, AUTH_SECRET), log);
  const reloading = startPeriodicWorker({
    run: keys.reload,
    intervalMs: keyReloadIntervalMs,
    delayFirst: true,
    log,
    failureMessage: 'reloading the signing keys failed',
  });
  onShutdown(() => reloading.stop());
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
