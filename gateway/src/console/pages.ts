import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '@clientela/errors';
import { counter } from '@clientela/runtime';
import type { Request } from 'express';
import type { Config } from '../config.ts';
import { sendOptions } from '../cors.ts';
import type { GatewayResponse, Middleware } from '../request-context.ts';
import { type ConsoleFile, readConsoleFiles } from './files.ts';
import { assertSameOrigin, isSessionPath } from './session.ts';

const violations = counter(
  'clientela_csp_violations_total',
  'Reports of browsers that the content security policy of the console stopped something',
  {},
);

const reportPath = '/console/csp-reports';

/** Nothing inline, nothing from another host, no sink that turns text into script (Trusted Types). */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types clientela-none',
  `report-uri ${reportPath}`,
].join('; ');

const deniedFeatures =
  'accelerometer autoplay camera display-capture encrypted-media fullscreen geolocation gyroscope hid magnetometer microphone midi payment ' +
  'picture-in-picture publickey-credentials-get screen-wake-lock serial usb xr-spatial-tracking';

const pageHeaders: readonly (readonly [string, string])[] = [
  ['Content-Security-Policy', contentSecurityPolicy],
  ['Cross-Origin-Opener-Policy', 'same-origin'],
  ['Cross-Origin-Resource-Policy', 'same-origin'],
  ['Permissions-Policy', deniedFeatures.replaceAll(' ', '=(), ') + '=()'],
];

const waitingPage = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Clientela</title><meta http-equiv="refresh" content="1"></head>
<body><p>The console is not ready yet. This page reloads by itself.</p></body></html>
`;

/** Whether the gateway serves the console. */
export const hasConsole = ({ CONSOLE, CONSOLE_FOLDER }: Config): boolean =>
  CONSOLE === 'on' && CONSOLE_FOLDER !== undefined;

/** Whether a request comes from a person's browser, which wants a page. */
export const acceptsHtml = (req: Request): boolean => /\btext\/html\b/.test(req.headers.accept ?? '');

/** Scripts of other origins can read nothing below /console. */
function hideFromOtherOrigins(res: GatewayResponse): void {
  res.removeHeader('Access-Control-Allow-Origin');
  res.removeHeader('Access-Control-Expose-Headers');
}

function sendFile(req: Request, res: GatewayResponse, file: ConsoleFile, isPage: boolean): void {
  const accepted = req.headers['accept-encoding'] ?? '';
  const encoding =
    file.br && /\bbr\b/.test(accepted) ? 'br' : file.gzip && /\bgzip\b/.test(accepted) ? 'gzip' : undefined;
  const tag = `"${file.tag}"`;
  res.setHeader('Vary', 'Accept-Encoding');
  // The names of all files but the page carry a hash of their content.
  res.setHeader('Cache-Control', isPage ? 'no-cache' : 'public, max-age=31536000, immutable');
  res.setHeader('ETag', tag);
  if (req.headers['if-none-match']?.includes(tag)) return void res.status(304).end();
  const body = (encoding && file[encoding]) ?? file.body;
  if (encoding) res.setHeader('Content-Encoding', encoding);
  res.setHeader('Content-Type', file.type);
  res.setHeader('Content-Length', body.length);
  res.end(req.method === 'HEAD' ? undefined : body);
}

/** Sends a page that reloads itself, while the launcher builds the console. */
function sendWaitingPage(req: Request, res: GatewayResponse): void {
  res.setHeader('Retry-After', '1');
  res.setHeader('Content-Type', 'text/html; charset=utf-8');
  res.status(503).end(req.method === 'HEAD' ? undefined : waitingPage);
}

/**
 * Serves the built console below /console: its files, and its page for every other path without a file ending. Passes on the routes of
 * its session.
 * @param countAddress the rate limit of callers without a token, to which reports of browsers count
 */
export function consolePages(config: Config, countAddress: Middleware): Middleware {
  const { CONSOLE_FOLDER: folder = '' } = config;
  if (!hasConsole(config)) return (_req, _res, next) => next();
  let files: ReadonlyMap<string, ConsoleFile> | undefined;
  const page = join(folder, 'index.html');

  return (req, res, next) => {
    if (!req.url.startsWith('/console')) return next();
    const path = req.url.split('?', 1)[0] ?? '';
    if (path !== '/console' && !path.startsWith('/console/')) return next();
    hideFromOtherOrigins(res);
    for (const [name, value] of pageHeaders) res.setHeader(name, value);
    if (isSessionPath(path)) {
      if (req.method !== 'OPTIONS') assertSameOrigin(req);
      return next();
    }
    const { context } = res.locals;
    if (path === reportPath && req.method === 'POST') {
      context.template = reportPath;
      return countAddress(req, res, (rejection?: unknown) => {
        if (rejection !== undefined) return next(rejection);
        violations.add({});
        res.status(204).end();
      });
    }
    context.template = '/console';
    if (req.method === 'OPTIONS') return sendOptions(req, res, 'GET, HEAD, OPTIONS');
    if (req.method !== 'GET' && req.method !== 'HEAD')
      throw new AppError('method_not_allowed', {
        detail: 'Allowed methods: GET, HEAD, OPTIONS',
        headers: { Allow: 'GET, HEAD, OPTIONS' },
      });
    if (!files && !existsSync(page)) return sendWaitingPage(req, res);
    files ??= readConsoleFiles(folder);
    const name = path.slice('/console'.length);
    const isFile = name !== '/index.html' && /\.[\w-]+$/.test(name);
    const file = files.get(isFile ? name : '/index.html');
    if (!file) throw new AppError('not_found', { detail: 'No such file' });
    sendFile(req, res, file, !isFile);
  };
}
