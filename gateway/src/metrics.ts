import { createHash, timingSafeEqual } from 'node:crypto';
import { services } from '@clientela/contracts';
import { unauthenticated } from '@clientela/errors';
import { counter, exposeMetrics, histogram } from '@clientela/runtime';
import type { Middleware } from './request-context.ts';

/** Problem documents of the gateway itself, by `error_code`. Those of services pass through it uncounted. */
export const rejections = counter('clientela_gateway_rejections_total', 'Requests that the gateway rejected', {
  reason: 40,
});

export const upstreamDuration = histogram(
  'clientela_gateway_upstream_duration_seconds',
  'Time from sending a request to a service to the start of its response',
  { upstream: services, outcome: ['ok', 'unavailable', 'timeout', 'bad_gateway'] },
  [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 10],
);

const digest = (text: string) => createHash('sha256').update(text).digest();

/** `GET /metrics` for who has METRICS_TOKEN. Without that setting the route does not exist. */
export function metricsRoute(token: string | undefined): Record<string, Middleware> {
  if (token === undefined) return {};
  const expected = digest(`Bearer ${token}`);
  return {
    '/metrics': async (req, res) => {
      // Digests have one length, as a comparison in constant time needs.
      if (!timingSafeEqual(digest(req.headers.authorization ?? ''), expected)) throw unauthenticated();
      const { contentType, text } = await exposeMetrics();
      res.setHeader('Content-Type', contentType);
      res.setHeader('Cache-Control', 'no-store');
      res.end(req.method === 'HEAD' ? undefined : text);
    },
  };
}
