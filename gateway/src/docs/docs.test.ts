import { readFileSync } from 'node:fs';
import { services } from '@clientela/contracts';
import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, test } from 'vitest';
import { readUpstreams } from '../upstreams.ts';
import { Config } from '../config.ts';
import { startTestGateway } from '../testing/gateway.ts';
import { mergeDocuments, type OpenApiDocument } from './merged-document.ts';

const readDocument = (service: string) =>
  JSON.parse(
    readFileSync(new URL(`../../../services/${service}/openapi.json`, import.meta.url), 'utf8'),
  ) as OpenApiDocument;
const ownRoutes = [
  'GET /',
  'GET /docs',
  'GET /health',
  'GET /metrics',
  'GET /openapi.json',
  'GET /ready',
  'GET /redoc',
];

test('GET /openapi.json describes every route that is served, and is valid OpenAPI 3.1', async () => {
  const gateway = await startTestGateway({ committedRoutes: true, waitUntilReady: false });
  const { status, headers, json } = await gateway.call({ path: '/openapi.json' });
  expect(status).toBe(200);
  expect(headers['content-type']).toBe('application/json; charset=utf-8');
  const document = json as unknown as OpenApiDocument;
  expect(document).toMatchObject({ openapi: '3.1.0', servers: [{ url: '/' }] });

  const urls = services.map((service) => [`${service.toUpperCase()}_SERVICE_URL`, 'http://127.0.0.1:2']);
  const config = Config.parse({ GATEWAY_SERVICE_KEY: gateway.serviceKey, ...Object.fromEntries(urls) });
  const served = readUpstreams(config).flatMap(({ routes }) =>
    routes.map(({ method, template }) => `${method} ${template}`),
  );
  const described = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(described.toSorted()).toEqual([...served, ...ownRoutes].toSorted());
  for (const path of ownRoutes.map((route) => route.replace('GET ', '')).filter((path) => path !== '/metrics'))
    expect([path, (await gateway.call({ path })).status]).not.toEqual([path, 404]);

  const ready = (await gateway.call({ path: '/ready' })).json;
  const readiness = document.components['schemas']?.['GatewayReadiness'] as { properties: object } | undefined;
  expect(Object.keys(ready).toSorted()).toEqual(Object.keys(readiness?.properties ?? {}).toSorted());

  const result = await new Validator().validate(document);
  expect(result.errors).toBeUndefined();
  expect(result.valid).toBe(true);
});

test('the document and the pages are cached by their ETag, their files permanently', async () => {
  const gateway = await startTestGateway({ waitUntilReady: false });
  for (const path of ['/openapi.json', '/docs', '/docs/', '/redoc', '/redoc/']) {
    const { status, headers, text } = await gateway.call({ path });
    expect([path, status, headers['cache-control']]).toEqual([path, 200, 'no-cache']);
    const again = await gateway.call({ path, headers: { 'If-None-Match': headers.etag ?? '' } });
    expect([path, again.status, again.text]).toEqual([path, 304, '']);
    for (const [, file = ''] of text.matchAll(/(?:src|href)="([^"]+)"/g)) {
      expect(file).toMatch(/^\/docs\/[0-9a-f]{20}\/[a-z-]+\.(?:js|css|png)$/);
      const served = await gateway.call({ path: file });
      expect([file, served.status]).toEqual([file, 200]);
      expect(served.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    }
  }
  for (const path of ['/docs/0123456789abcdef0123/swagger-ui.js', '/docs/x/__proto__', '/docs/x', '/docs/x/../app.ts'])
    expect([path, (await gateway.call({ path })).status]).toEqual([path, 404]);
});

test('the pages may load nothing from elsewhere, and no inline script', async () => {
  const gateway = await startTestGateway({ waitUntilReady: false });
  for (const path of ['/docs', '/redoc']) {
    const { headers, text } = await gateway.call({ path });
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'; script-src 'self'; connect-src 'self'");
    expect(policy).not.toMatch(/unsafe-eval|https?:|\*/);
    expect(policy.match(/script-src [^;]*/)?.[0]).not.toContain('unsafe');
    expect(text).not.toMatch(/<script[^>]*>[^<]|\son\w+=|https?:/);
    expect(headers['x-frame-options']).toBe('DENY');
  }
  expect(await gateway.call({ path: '/docs?url=https://example.com/evil.json' })).toMatchObject({ status: 200 });
});

test('documents that contradict each other are not merged', () => {
  const product = readDocument('product');
  expect(() => mergeDocuments('1', [product, product])).toThrow('GET /api/products is declared twice');
  const other = { ...readDocument('favorites'), components: { schemas: { Product: { type: 'string' } } } };
  expect(() => mergeDocuments('1', [product, other])).toThrow(
    'Two services declare different components/schemas/Product',
  );
});
