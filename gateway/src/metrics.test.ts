import { expect, test } from 'vitest';
import { startTestGateway, unusedUrl } from './testing/gateway.ts';

const token = 'a token of the metrics'.replaceAll(' ', '-');
const settings = { METRICS_TOKEN: token };
const paths = { customer: { '/api/customers/{id}': { get: {} } }, product: { '/api/products': { get: {} } } };
const id = '018f0000-0000-7000-8000-000000000001';

type Gateway = Awaited<ReturnType<typeof startTestGateway>>;
const scrape = async (gateway: Gateway) => {
  const { status, text } = await gateway.call({ path: '/metrics', headers: { Authorization: `Bearer ${token}` } });
  expect(status).toBe(200);
  return text;
};
/** The value of a series; 0 when there is none. Other tests of this process count too, so tests compare two. */
const value = (text: string, series: string) =>
  Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.split(' ')[1] ?? 0,
  );

test('GET /metrics needs METRICS_TOKEN, and without that setting there is no such route', async () => {
  const gateway = await startTestGateway({ settings });
  for (const headers of [{}, gateway.bearer, { Authorization: `Bearer ${token}x` }, { Authorization: token }]) {
    const { status, json } = await gateway.call({ path: '/metrics', headers });
    expect([status, json.error_code]).toEqual([401, 'UNAUTHENTICATED']);
  }
  const { headers, text } = await gateway.call({ path: '/metrics', headers: { Authorization: `Bearer ${token}` } });
  expect(headers).toMatchObject({
    'content-type': 'text/plain; version=0.0.4; charset=utf-8',
    'cache-control': 'no-store',
  });
  expect(text).toMatch(/^http_server_active_requests\{service="gateway",kind="json"\} 1$/m);
  const without = await startTestGateway();
  expect((await without.call({ path: '/metrics', headers: { Authorization: `Bearer ${token}` } })).status).toBe(404);
});

test('requests are counted by route template, never by path, and rejections by error code', async () => {
  const gateway = await startTestGateway({ settings, paths });
  const before = await scrape(gateway);
  await gateway.callSignedIn({ path: `/api/customers/${id}` });
  await gateway.call({ path: `/api/customers/${id}` });
  await gateway.call({ path: `/nowhere/${id}` });
  await gateway.callSignedIn({ method: 'POST', path: '/api/products' });
  const after = await scrape(gateway);
  const grown = (series: string) => value(after, series) - value(before, series);
  const requests = (method: string, route: string, status: number) =>
    grown(
      `http_server_request_duration_seconds_count{service="gateway",method="${method}",route="${route}",status="${status}"}`,
    );
  expect(requests('GET', '/api/customers/{id}', 200)).toBe(1);
  expect(requests('GET', '/api/customers/{id}', 401)).toBe(1);
  expect(requests('GET', 'unmatched', 404)).toBe(1);
  expect(requests('POST', '/api/products', 405)).toBe(1);
  for (const reason of ['unauthenticated', 'not_found', 'method_not_allowed'])
    expect([reason, grown(`clientela_gateway_rejections_total{reason="${reason}"}`)]).toEqual([reason, 1]);
  expect(after).not.toContain(id);
});

test('the time of services is measured by outcome', async () => {
  const gateway = await startTestGateway({
    settings,
    paths: {
      ...paths,
      favorites: { '/api/favorites': { get: {} } },
      interaction: { '/api/interactions': { get: { deadline: 100 } } },
    },
    serve: { product: (req) => req.socket.destroy(), interaction: () => {} },
    urls: { favorites: await unusedUrl() },
  });
  const before = await scrape(gateway);
  await gateway.callSignedIn({ path: `/api/customers/${id}` });
  await gateway.callSignedIn({ path: '/api/products' });
  await gateway.callSignedIn({ path: '/api/favorites' });
  await gateway.callSignedIn({ path: '/api/interactions' });
  const after = await scrape(gateway);
  const grown = (upstream: string, outcome: string) => {
    const series = `clientela_gateway_upstream_duration_seconds_count{upstream="${upstream}",outcome="${outcome}"}`;
    return value(after, series) - value(before, series);
  };
  expect([
    grown('customer', 'ok'),
    grown('product', 'bad_gateway'),
    grown('favorites', 'unavailable'),
    grown('interaction', 'timeout'),
  ]).toEqual([1, 1, 1, 1]);
});
