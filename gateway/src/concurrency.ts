import { AppError } from '@clientela/errors';
import { addressKey } from './address-key.ts';
import type { Config } from './config.ts';
import type { Middleware } from './request-context.ts';

const tooManyAtOnce = (max: number, scope: string) =>
  new AppError('rate_limited', {
    error_code: 'TOO_MANY_AT_ONCE',
    detail: `Too many requests at once; at most ${max} per ${scope}`,
    headers: { 'Retry-After': '1' },
  });

/** The requests in progress of each key of one scope. */
function countInProgress(max: number, scope: string) {
  const counts = new Map<string, number>();
  const count = (key: string) => counts.get(key) ?? 0;
  return {
    /** @throws AppError 429 when the key has its share */
    check: (key: string) => {
      if (count(key) >= max) throw tooManyAtOnce(max, scope);
    },
    add: (key: string, by: number) => {
      const next = count(key) + by;
      if (next > 0) counts.set(key, next);
      else counts.delete(key);
    },
  };
}

/**
 * MAX_CONCURRENT_PER_USER, _PER_COMPANY, _PER_IP: bounds the requests in progress, so that nobody takes all connections to a
 * service. A request is in progress until its response is complete. Counts IPv6 clients by /56, as LOGIN_RATE does.
 */
export function concurrencyLimits(config: Config): Middleware {
  const { MAX_CONCURRENT_PER_USER: perUser, MAX_CONCURRENT_PER_COMPANY: perCompany } = config;
  const { MAX_CONCURRENT_PER_IP: perIp } = config;
  if (config.RATE_LIMITS === 'off') return (_req, _res, next) => next();
  const addresses = countInProgress(perIp, 'address');
  const users = countInProgress(perUser, 'user');
  const companies = countInProgress(perCompany, 'company');

  return (req, res, next) => {
    const { actor } = res.locals.context;
    const address = addressKey(req, res);
    addresses.check(address);
    if (actor) users.check(actor.id);
    if (actor?.company_id !== undefined) companies.check(actor.company_id);

    const change = (by: number) => {
      addresses.add(address, by);
      if (actor) users.add(actor.id, by);
      if (actor?.company_id !== undefined) companies.add(actor.company_id, by);
    };
    change(1);
    res.once('close', () => change(-1));
    next();
  };
}
