import { describe, expect, test } from 'vitest';
import { nobody, raw, startStreet } from './test-street.ts';

const doors = { get: {}, post: { body_limit: 100 } };
const paths = {
  customer: { '/rest/v1/customers': doors, '/api/customers': doors, '/rest/v1/customers/{customer_id}': { get: {} } },
  favorites: { '/rest/v1/favorites': { get: { deadline: 50 } }, '/api/favorites': { get: { deadline: 50 } } },
  product: { '/rest/v1/products': { get: {} }, '/api/products': { get: {} } },
};

describe('what the gateway itself refuses under /rest/v1', () => {
  test('says success: false and a message beside the problem, and nowhere else', async () => {
    const street = await startStreet({
      paths,
      serve: { favorites: () => {}, customer: (req) => void req.socket.destroy() },
      urls: { product: await nobody() },
    });
    const body = 'x'.repeat(101);
    for (const [status, rest, plain, call] of [
      [401, '/rest/v1/customers', '/api/customers', {}],
      [401, '/rest/v1/customers/7/', '/api/customers', {}],
      [404, '/rest/v1/nothing?a=b', '/api/nothing?a=b', {}],
      [404, '/rest/v1/', '/rest', {}],
      [404, '/rest/v1?', '/rest/v10', {}],
      [405, '/rest/v1/customers/', '/api/customers/', { method: 'DELETE' }],
      [413, '/rest/v1/customers', '/api/customers', { method: 'POST', headers: street.bearer, body }],
      [
        400,
        '/rest/v1/customers',
        '/api/customers',
        { headers: { ...street.bearer, 'Content-Length': '2' }, body: '{}' },
      ],
      [414, `/rest/v1/${'x'.repeat(9000)}`, `/api/${'x'.repeat(9000)}`, {}],
      [502, '/rest/v1/customers', '/api/customers', { headers: street.bearer }],
      [503, '/rest/v1/products', '/api/products', { headers: street.bearer }],
      [504, '/rest/v1/favorites?limit=1', '/api/favorites?limit=1', { headers: street.bearer }],
    ] as const) {
      const { json, headers, ...there } = await street.call({ path: rest, ...call });
      expect([rest.slice(0, 40), there.status]).toEqual([rest.slice(0, 40), status]);
      expect(headers['content-type']).toContain('application/problem+json');
      expect(json).toMatchObject({ success: false, message: json.detail, status, error_code: expect.any(String) });
      expect(json.detail.length).toBeGreaterThan(5);
      const elsewhere = await street.call({ path: plain, ...call });
      expect([plain.slice(0, 40), elsewhere.status]).toEqual([plain.slice(0, 40), status]);
      expect(Object.keys(json).toSorted()).toEqual([...Object.keys(elsewhere.json), 'message', 'success'].toSorted());
    }
  });

  test('is said however the path is encoded, once it was understood', async () => {
    const street = await startStreet({ paths });
    const answer = await raw(street.port, 'GET /%72est/v1/customers HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 401 .*"success":false,"message":"/s);
  });
});
