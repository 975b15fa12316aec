import type { RequestListener } from 'node:http';
import { expect, test } from 'vitest';
import type { Config } from './config.ts';
import { startTestGateway } from './testing/gateway.ts';
import { readUpstreams } from './upstreams.ts';

const names = ['__Host-clientela_oidc', 'clientela_oidc'];
const setCookies: RequestListener = (req, res) => {
  res.setHeader('X-Got', req.headers.cookie ?? 'none');
  res.setHeader('Set-Cookie', [
    '__Host-clientela_oidc=a=b; Path=/; Secure; HttpOnly',
    'session=1; Path=/',
    ' clientela_oidc =2; Path=/',
    'clientela_oidc-2=3',
    'clientela_oidc',
  ]);
  res.writeHead(302, { Location: 'https://login.example.com/' }).end();
};

test('passes a cookie only to the route that declares it, and back; no other cookie anywhere', async () => {
  const open = { open: true };
  const gateway = await startTestGateway({
    paths: {
      auth: { '/auth/oidc/{name}/start': { get: { ...open, cookies: names } }, '/auth/oidc': { get: open } },
      customer: { '/api/customers': { get: {} } },
    },
    serve: { auth: setCookies, customer: setCookies },
  });
  const Cookie =
    'a=b; __Host-clientela_oidc=sealed=; clientela_oidc2=c; __host-clientela_oidc=d;clientela_oidc=e; clientela_oidc';
  const passed = await gateway.call({ path: '/auth/oidc/x/start', headers: { Cookie } });
  expect([passed.status, passed.headers['location']]).toEqual([302, 'https://login.example.com/']);
  expect(passed.headers['x-got']).toBe('__Host-clientela_oidc=sealed=; clientela_oidc=e');
  expect(passed.headers['set-cookie']).toEqual([
    '__Host-clientela_oidc=a=b; Path=/; Secure; HttpOnly',
    'clientela_oidc =2; Path=/',
  ]);
  for (const other of [
    await gateway.call({ path: '/auth/oidc/x/start', headers: { Cookie: 'a=b' } }),
    await gateway.call({ path: '/auth/oidc', headers: { Cookie } }),
    await gateway.callSignedIn({ path: '/api/customers', headers: { Cookie } }),
  ])
    expect(other.headers['x-got']).toBe('none');
  for (const { headers } of [
    await gateway.call({ path: '/auth/oidc', headers: { Cookie } }),
    await gateway.callSignedIn({ path: '/api/customers', headers: { Cookie } }),
  ])
    expect(headers).not.toHaveProperty('set-cookie');
});

test('only the two routes of a sign-in with another provider have a cookie', () => {
  const routes = readUpstreams({} as Config).flatMap((upstream) => upstream.routes);
  expect(routes.filter(({ cookies }) => cookies).map(({ template, cookies }) => [template, cookies])).toEqual([
    ['/auth/oidc/{name}/callback', names],
    ['/auth/oidc/{name}/start', names],
  ]);
});
