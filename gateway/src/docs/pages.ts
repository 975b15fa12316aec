import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { services } from '@clientela/contracts';
import { AppError } from '@clientela/errors';
import type { GatewayResponse, Middleware } from '../request-context.ts';
import { mergeDocuments, type OpenApiDocument } from './merged-document.ts';

type Asset = { body: Buffer; type: string; tag: string };

const require = createRequire(import.meta.url);
const readPackageFile = (name: string) => readFileSync(require.resolve(name));

const assetOf = (body: string | Buffer, type: string): Asset => {
  const bytes = Buffer.from(body);
  return { body: bytes, type, tag: createHash('sha256').update(bytes).digest('hex').slice(0, 20) };
};

/** Only what the two pages load from here: no inline script, no other host, no frame. */
const contentSecurityPolicy = (more: Record<string, string>) =>
  Object.entries({
    'default-src': "'none'",
    'script-src': "'self'",
    'connect-src': "'self'",
    'img-src': "'self' data:",
    'base-uri': "'none'",
    'form-action': "'none'",
    'frame-ancestors': "'none'",
    ...more,
  })
    .map(([name, sources]) => `${name} ${sources}`)
    .join('; ');

/** The two inline styles of Redoc by their hashes: an empty one, to which it adds rules, and one with a constant text. */
const redocStyles =
  "'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' 'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='";

const swaggerUiScript = `window.addEventListener('load', () => {
  SwaggerUIBundle({
    url: '/openapi.json',
    domNode: document.getElementById('docs'),
    presets: [SwaggerUIBundle.presets.apis],
    layout: 'BaseLayout',
    docExpansion: 'none',
    defaultModelsExpandDepth: 0,
    displayOperationId: true,
    deepLinking: true,
    queryConfigEnabled: false,
    validatorUrl: null,
  });
});
`;
const redocScript = `window.addEventListener('load', () => {
  Redoc.init('/openapi.json', { hideLoading: true }, document.getElementById('docs'));
});
`;

/** Redoc shows a logo from another host; an image that fails to load hides itself. */
const redocBundle = () =>
  readPackageFile('redoc/bundles/redoc.standalone.js')
    .toString()
    .replaceAll('https://cdn.redoc.ly/redoc/logo-mini.svg', 'data:,');

const script = 'text/javascript; charset=utf-8';
const assets: Record<string, () => Asset> = {
  'swagger-ui.css': () => assetOf(readPackageFile('swagger-ui-dist/swagger-ui.css'), 'text/css; charset=utf-8'),
  'swagger-ui.js': () => assetOf(readPackageFile('swagger-ui-dist/swagger-ui-bundle.js'), script),
  'swagger-ui-start.js': () => assetOf(swaggerUiScript, script),
  'redoc.js': () => assetOf(redocBundle(), script),
  'redoc-start.js': () => assetOf(redocScript, script),
  'icon.png': () => assetOf(readPackageFile('swagger-ui-dist/favicon-32x32.png'), 'image/png'),
};

/** Reads each file once, when it is first requested. */
const once = <T>(read: () => T): (() => T) => {
  let result: T | undefined;
  return () => (result ??= read());
};

function mergedDocument(version: string): Asset {
  const documents = services.map(
    (service) =>
      JSON.parse(
        readFileSync(new URL(`../../../services/${service}/openapi.json`, import.meta.url), 'utf8'),
      ) as OpenApiDocument,
  );
  return assetOf(`${JSON.stringify(mergeDocuments(version, documents))}\n`, 'application/json; charset=utf-8');
}

/** Sends a file that clients may keep, but ask about each time. */
function sendRevalidated(asset: Asset, res: GatewayResponse, ifNoneMatch: string | undefined): void {
  const tag = `"${asset.tag}"`;
  res.setHeader('ETag', tag);
  res.setHeader('Cache-Control', 'no-cache');
  if (ifNoneMatch?.includes(tag)) return void res.status(304).end();
  res.setHeader('Content-Type', asset.type);
  res.end(asset.body);
}

/** The routes of the documentation, by path: the merged document, and two pages that show it. */
export function docsRoutes(version: string): Record<string, Middleware> {
  const files = Object.fromEntries(Object.entries(assets).map(([name, read]) => [name, once(read)]));
  /** The address of a file, which changes with its content. */
  const urlOf = (name: string) => `/docs/${files[name]?.().tag}/${name}`;
  const page = (title: string, { styles = [], scripts }: { styles?: string[]; scripts: string[] }) =>
    once(() =>
      assetOf(
        [
          '<!doctype html>',
          `<html lang="en"><head><meta charset="utf-8"><title>${title}</title>`,
          '<meta name="viewport" content="width=device-width, initial-scale=1">',
          `<link rel="icon" type="image/png" href="${urlOf('icon.png')}">`,
          ...styles.map((name) => `<link rel="stylesheet" href="${urlOf(name)}">`),
          ...scripts.map((name) => `<script defer src="${urlOf(name)}"></script>`),
          '</head><body><div id="docs"></div></body></html>',
        ].join('\n'),
        'text/html; charset=utf-8',
      ),
    );
  const serve =
    (read: () => Asset, policy?: string): Middleware =>
    (req, res) => {
      if (policy !== undefined) res.setHeader('Content-Security-Policy', policy);
      sendRevalidated(read(), res, req.headers['if-none-match']);
    };
  const swaggerUi = page('Clientela API', {
    styles: ['swagger-ui.css'],
    scripts: ['swagger-ui.js', 'swagger-ui-start.js'],
  });
  const redoc = page('Clientela API reference', { scripts: ['redoc.js', 'redoc-start.js'] });
  const serveFile: Middleware = (req, res) => {
    const [, , tag, name = ''] = (req.url.split('?', 1)[0] ?? '').split('/');
    const asset = Object.hasOwn(files, name) ? files[name]?.() : undefined;
    if (!asset || asset.tag !== tag) throw new AppError('not_found', { detail: 'No such route' });
    res.setHeader('Cache-Control', 'public, max-age=31536000, immutable');
    res.setHeader('Content-Type', asset.type);
    res.end(asset.body);
  };
  return {
    '/openapi.json': serve(once(() => mergedDocument(version))),
    '/docs': serve(swaggerUi, contentSecurityPolicy({ 'style-src': "'self'" })),
    '/redoc': serve(redoc, contentSecurityPolicy({ 'style-src': redocStyles, 'worker-src': 'blob:' })),
    '/docs/{hash}/{file}': serveFile,
  };
}
