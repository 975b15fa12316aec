import { currentSpan, failSpan, inSpan } from '@clientela/runtime';
import type { UpstreamName } from './call-policy.ts';

/** The fixed parts of the internal paths. A test compares them with the routes; any other part may be an id. */
const fixedParts = new Set(
  (
    'api api-keys appointments changes companies complaints create customers drop erasures events export failed internal orders privacy ' +
    'products receipts resend revocations series statistics timeline totals user users verify'
  ).split(' '),
);

/** `/internal/users/0192…?x=1` → `/internal/users/{id}`. */
export const templateOf = (path: string): string =>
  (path.split('?')[0] ?? '')
    .split('/')
    .map((part) => (part === '' || fixedParts.has(part) ? part : '{id}'))
    .join('/');

/** Runs a call of a service as a span; where nothing is traced it only runs it. */
export function traceCall<R extends { status: number }>(
  service: UpstreamName,
  method: string,
  path: string,
  run: () => Promise<R>,
): Promise<R> {
  const parent = currentSpan();
  // The span of a delivery is the call itself.
  if (!parent || parent.kind === 'producer') return run();
  const route = templateOf(path);
  return inSpan(`${method} ${route}`, 'client', async (span) => {
    if (span) {
      span.attributes['http.request.method'] = method;
      span.attributes['peer.service'] = service;
      span.attributes['server.address'] = service;
      span.attributes['url.template'] = route;
    }
    const result = await run();
    if (span) {
      span.attributes['http.response.status_code'] = result.status;
      if (result.status >= 500) failSpan(span, String(result.status));
    }
    return result;
  });
}
