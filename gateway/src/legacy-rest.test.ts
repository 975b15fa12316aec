import { describe, expect, test, vi } from 'vitest';
import { unusedUrl, sendRaw, startTestGateway, stopClock, until, type Call } from './testing/gateway.ts';

const methods = { get: {}, post: { body_limit: 100 } };
const paths = {
  customer: {
    '/rest/v1/customers': methods,
    '/api/customers': methods,
    '/rest/v1/customers/{customer_id}': { get: {} },
  },
  favorites: { '/rest/v1/favorites': { get: {} }, '/api/favorites': { get: {} } },
  product: { '/rest/v1/products': { get: {} }, '/api/products': { get: {} } },
};

describe('errors of the gateway itself under /rest/v1 and /grpc/v1', () => {
  test('add success: false and a message to the problem, and only there', async () => {
    let waiting = 0;
    const gateway = await startTestGateway({
      paths,
      serve: { favorites: () => void (waiting += 1), customer: (req) => void req.socket.destroy() },
      urls: { product: await unusedUrl() },
    });
    stopClock();
    const callPastDeadline = async (call: Call) => {
      const response = gateway.call(call);
      await until(() => waiting > 0, 'the request at the service');
      waiting = 0;
      vi.advanceTimersByTime(10_000);
      return response;
    };
    const body = 'x'.repeat(101);
    for (const [status, rest, plain, call] of [
      [401, '/rest/v1/customers', '/api/customers', {}],
      [401, '/rest/v1/customers/7/', '/api/customers', {}],
      [404, '/rest/v1/nothing?a=b', '/api/nothing?a=b', {}],
      [404, '/rest/v1/', '/rest', {}],
      [404, '/grpc/v1/service/nothing/', '/grpc/service', {}],
      [404, '/rest/v1?', '/rest/v10', {}],
      [405, '/rest/v1/customers/', '/api/customers/', { method: 'DELETE' }],
      [413, '/rest/v1/customers', '/api/customers', { method: 'POST', headers: gateway.bearer, body }],
      [
        400,
        '/rest/v1/customers',
        '/api/customers',
        { headers: { ...gateway.bearer, 'Content-Length': '2' }, body: '{}' },
      ],
      [414, `/rest/v1/${'x'.repeat(9000)}`, `/api/${'x'.repeat(9000)}`, {}],
      [502, '/rest/v1/customers', '/api/customers', { headers: gateway.bearer }],
      [503, '/rest/v1/products', '/api/products', { headers: gateway.bearer }],
      [504, '/rest/v1/favorites?limit=1', '/api/favorites?limit=1', { headers: gateway.bearer }],
    ] as const) {
      const send = status === 504 ? callPastDeadline : gateway.call;
      const { json, headers, ...there } = await send({ path: rest, ...call });
      expect([rest.slice(0, 40), there.status]).toEqual([rest.slice(0, 40), status]);
      expect(headers['content-type']).toContain('application/problem+json');
      expect(json).toMatchObject({ success: false, message: json.detail, status, error_code: expect.any(String) });
      expect(json.detail.length).toBeGreaterThan(5);
      const elsewhere = await send({ path: plain, ...call });
      expect([plain.slice(0, 40), elsewhere.status]).toEqual([plain.slice(0, 40), status]);
      expect(Object.keys(json).toSorted()).toEqual([...Object.keys(elsewhere.json), 'message', 'success'].toSorted());
    }
  });

  test('add them also for a percent-encoded path', async () => {
    const gateway = await startTestGateway({ paths });
    const response = await sendRaw(
      gateway.port,
      'GET /%72est/v1/customers HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    );
    expect(response).toMatch(/^HTTP\/1\.1 401 .*"success":false,"message":"/s);
  });
});
