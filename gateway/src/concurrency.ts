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

/**
 * MAX_CONCURRENT_PER_USER, _PER_COMPANY, _PER_IP: bounds the requests in progress, so that nobody takes all connections to a
 * service. A request is in progress until its response is complete. Counts IPv6 clients by /56, as LOGIN_RATE does.
 */
export function concurrencyLimits(config: Config): Middleware {
  const { MAX_CONCURRENT_PER_USER: perUser, MAX_CONCURRENT_PER_COMPANY: perCompany } = config;
  const { MAX_CONCURRENT_PER_IP: perIp } = config;
  if (config.RATE_LIMITS === 'off') return (_req, _res, next) => next();
  const inProgress = new Map<string, number>();
  const count = (key: string) => inProgress.get(key) ?? 0;

  return (req, res, next) => {
    const { actor } = res.locals.context;
    const bounds: [key: string, max: number, scope: string][] = [[`ip ${addressKey(req, res)}`, perIp, 'address']];
    if (actor) bounds.push([`user ${actor.id}`, perUser, 'user']);
    if (actor?.company_id !== undefined) bounds.push([`company ${actor.company_id}`, perCompany, 'company']);
    const exceeded = bounds.find(([key, max]) => count(key) >= max);
    if (exceeded) throw tooManyAtOnce(exceeded[1], exceeded[2]);

    for (const [key] of bounds) inProgress.set(key, count(key) + 1);
    res.once('close', () => {
      for (const [key] of bounds) {
        if (count(key) > 1) inProgress.set(key, count(key) - 1);
        else inProgress.delete(key);
      }
    });
    next();
  };
}
