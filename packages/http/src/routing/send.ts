import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { jsonText } from '@clientela/runtime';
import type { Request, Response } from 'express';
import type { Reply } from './reply.ts';
import { entityTags } from './request.ts';
import type { Route } from './route.ts';

/** Sends a handler's reply. Forbids caching, because responses contain personal data. */
export async function sendReply(
  definition: Route,
  request: Request,
  response: Response,
  status: number,
  reply: Reply,
): Promise<void> {
  response.statusCode = status;
  response.setHeader('Cache-Control', 'no-store');
  for (const [name, value] of Object.entries(reply.headers)) response.setHeader(name, value);

  if (isNotModified(definition, request, reply)) {
    if (reply.body instanceof Readable) reply.body.destroy();
    response.statusCode = 304;
    response.end();
    return;
  }
  if (reply.body instanceof Readable) {
    if (request.method === 'HEAD') {
      reply.body.destroy();
      response.end();
      return;
    }
    // A stream that fails midway breaks the connection: a truncated response must not look complete.
    await pipeline(reply.body, response).catch(() => response.destroy());
    return;
  }
  if (definition.responses[status] === null) {
    response.end();
    return;
  }
  const body = jsonText(reply.body);
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** Evaluates `If-None-Match` of a read (RFC 9110, 13.1.2). */
function isNotModified(definition: Route, request: Request, reply: Reply): boolean {
  const header = request.headers['if-none-match'];
  const tag = reply.headers['ETag'];
  if (definition.method !== 'get' || definition.conditionalGet === false || !header || !tag) return false;
  const tags = entityTags(header);
  return tags === '*' || tags.some((opaque) => `"${opaque}"` === tag);
}
