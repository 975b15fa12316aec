import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import type { Reply } from './reply.ts';
import type { Route } from './route.ts';

/** Sends what a handler answered. Nothing in it is kept by a cache on the way: it is somebody's data. */
export async function sendReply(
  door: Route,
  request: Request,
  response: Response,
  status: number,
  answer: Reply,
): Promise<void> {
  response.statusCode = status;
  response.setHeader('Cache-Control', 'no-store');
  for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);

  if (isNotModified(door, request, answer)) {
    if (answer.body instanceof Readable) answer.body.destroy();
    response.statusCode = 304;
    response.end();
    return;
  }
  if (answer.body instanceof Readable) {
    if (request.method === 'HEAD') {
      answer.body.destroy();
      response.end();
      return;
    }
    // A stream that fails half-way cuts the connection: a short answer must not look whole.
    await pipeline(answer.body, response).catch(() => response.destroy());
    return;
  }
  const body = JSON.stringify(answer.body);
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** `If-None-Match` of a read compares weakly and may list several tags (RFC 9110, 13.1.2). */
function isNotModified(door: Route, request: Request, answer: Reply): boolean {
  const given = request.headers['if-none-match'];
  const tag = answer.headers['ETag'];
  if (door.method !== 'get' || door.conditionalGet === false || !given || !tag) return false;
  return given.split(',').some((one) => one.trim().replace(/^W\//, '') === tag || one.trim() === '*');
}
