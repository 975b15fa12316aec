import { AppError } from '@clientela/errors';
import { ipKeyGenerator, MemoryStore, rateLimit } from 'express-rate-limit';
import type { Config } from './config.ts';
import { clientAddress } from './identity.ts';
import type { Door } from './visit.ts';

/** Where passwords can be tried; each costs the hashing of one. */
const passwordDoors: ReadonlySet<string> = new Set(
  ['/auth', '/api/auth'].flatMap((path) => [`${path}/login`, `${path}/register`, `${path}/change-password`]),
);

const tooMany = (seconds: number) =>
  new AppError('rate_limited', {
    detail: `Too many tries from this address; come again in ${seconds} s`,
    headers: { 'Retry-After': String(seconds) },
  });

/**
 * LOGIN_RATE: how often one client may try passwords, counted over all doors that take one. IPv6 clients are counted by their
 * /56, which is the least that one household gets.
 */
export function limitSignIns({ LOGIN_RATE, RATE_LIMITS }: Config): { door: Door; close: () => void } {
  if (RATE_LIMITS === 'off') return { door: (_req, _res, next) => next(), close: () => {} };
  const store = new MemoryStore();
  const limiter = rateLimit({
    windowMs: LOGIN_RATE.window,
    limit: LOGIN_RATE.limit,
    identifier: 'login',
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    store,
    keyGenerator: (req) => ipKeyGenerator(clientAddress(req), 56),
    handler: (_req, res, next) => next(tooMany(Math.max(1, Number(res.getHeader('Retry-After'))))),
    validate: false, // they look for mistakes of ours in the requests of strangers, and tell the console
  });
  const door: Door = (req, res, next) => {
    const { template = '' } = res.locals.visit;
    if (req.method !== 'POST' || !passwordDoors.has(template)) return next();
    return void limiter(req, res, next);
  };
  return { door, close: () => store.shutdown() };
}
