import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { S3Settings } from '../s3-storage.ts';

/** How a request ends: with a response, with a reset connection, never, or with a 500. */
type Behavior = 'normal' | 'reset' | 'hang' | 'failing';
type StoredObject = { bytes: Buffer; type: string };

export type FakeS3 = {
  settings: S3Settings;
  objects: Map<string, StoredObject>;
  /** Sets the behavior of the next requests, one each; the last one stays in force. */
  setBehavior: (...behaviors: Behavior[]) => void;
  calls: string[];
  close: () => Promise<void>;
};

const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');
const hmac = (key: Buffer | string, text: string) => createHmac('sha256', key).update(text).digest();

/** Serves one bucket from memory and verifies every signature (AWS Signature Version 4, in the headers). */
export async function createFakeS3(): Promise<FakeS3> {
  const objects = new Map<string, StoredObject>();
  const calls: string[] = [];
  let behaviors: Behavior[] = ['normal'];
  const settings = {
    bucket: 'pictures',
    region: 'eu-west-7',
    access_key_id: 'AKID',
    secret_access_key: 'between/us+two',
  };

  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => handle(req, Buffer.concat(chunks), res));
  });

  const handle = (req: IncomingMessage, body: Buffer, res: ServerResponse) => {
    calls.push(`${req.method} ${req.url?.split('?')[0]}`);
    const behavior = behaviors.length > 1 ? behaviors.shift() : behaviors[0];
    if (behavior === 'reset') req.socket.destroy();
    else if (behavior === 'failing') sendError(res, 500, 'InternalError');
    else if (behavior === 'normal') respond(req, body, res);
  };

  const respond = (req: IncomingMessage, body: Buffer, res: ServerResponse) => {
    const [, bucket, key = ''] = (req.url ?? '').split('?')[0]?.split('/') ?? [];
    if (!isSigned(req, body, settings)) return sendError(res, 403, 'SignatureDoesNotMatch');
    if (bucket !== settings.bucket) return sendError(res, 404, 'NoSuchBucket');
    const object = objects.get(key);
    switch (req.method) {
      case 'PUT':
        objects.set(key, { bytes: body, type: req.headers['content-type'] ?? '' });
        return void res.writeHead(200, { ETag: '"x"' }).end();
      case 'DELETE':
        objects.delete(key);
        return void res.writeHead(204).end();
      default:
        if (!object) return sendError(res, 404, 'NoSuchKey');
        return void res
          .writeHead(200, { 'Content-Type': object.type, 'Content-Length': object.bytes.length })
          .end(object.bytes);
    }
  };

  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    settings: { ...settings, endpoint },
    objects,
    setBehavior: (...next) => {
      behaviors = next;
    },
    calls,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function sendError(res: ServerResponse, status: number, code: string): void {
  res.writeHead(status, { 'Content-Type': 'application/xml' });
  res.end(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`);
}

/** Recomputes the signature of the request from the settings and compares it with the one that was sent. */
function isSigned({ headers, method = '', url = '' }: IncomingMessage, body: Buffer, settings: S3Settings): boolean {
  const pattern =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=(.+)$/;
  const [, id, day = '', region = '', names = '', signature] = pattern.exec(headers.authorization ?? '') ?? [];
  const hash = headers['x-amz-content-sha256'];
  if (id !== settings.access_key_id || region !== settings.region || hash !== sha256(body)) return false;
  const [path, query = ''] = url.split('?');
  const lines = names.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`);
  const canonical = [method, path, query.split('&').toSorted().join('&'), lines.join(''), names, hash].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, sha256(canonical)].join('\n');
  const key = [day, region, 's3', 'aws4_request'].reduce<Buffer | string>(hmac, `AWS4${settings.secret_access_key}`);
  return hmac(key, text).toString('hex') === signature;
}
