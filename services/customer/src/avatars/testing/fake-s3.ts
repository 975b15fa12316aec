import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { S3Settings } from '../s3-storage.ts';

/** What happens to a call: it is answered, its connection is cut, it is left without an answer, or it is told of an inner failure. */
type FakeBehavior = 'well' | 'away' | 'mute' | 'failing';
type StoredObject = { bytes: Buffer; type: string };

export type FakeS3 = {
  settings: S3Settings;
  objects: Map<string, StoredObject>;
  /** The next calls, and after them the last one said, for ever. */
  setBehavior: (...moods: FakeBehavior[]) => void;
  calls: string[];
  close: () => Promise<void>;
};

const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');
const hmac = (key: Buffer | string, text: string) => createHmac('sha256', key).update(text).digest();

/** A small server of one bucket that holds every signature against its own (AWS Signature Version 4, in the headers). */
export async function createFakeS3(): Promise<FakeS3> {
  const objects = new Map<string, StoredObject>();
  const calls: string[] = [];
  let moods: FakeBehavior[] = ['well'];
  const settings = {
    bucket: 'pictures',
    region: 'eu-west-7',
    access_key_id: 'AKID',
    secret_access_key: 'between/us+two',
  };

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => heard(request, Buffer.concat(chunks), response));
  });

  const heard = (request: IncomingMessage, body: Buffer, response: ServerResponse) => {
    calls.push(`${request.method} ${request.url?.split('?')[0]}`);
    const setBehavior = moods.length > 1 ? moods.shift() : moods[0];
    if (setBehavior === 'away') request.socket.destroy();
    else if (setBehavior === 'failing') refuse(response, 500, 'InternalError');
    else if (setBehavior === 'well') answer(request, body, response);
  };

  const answer = (request: IncomingMessage, body: Buffer, response: ServerResponse) => {
    const [, bucket, key = ''] = (request.url ?? '').split('?')[0]?.split('/') ?? [];
    if (!isSigned(request, body, settings)) return refuse(response, 403, 'SignatureDoesNotMatch');
    if (bucket !== settings.bucket) return refuse(response, 404, 'NoSuchBucket');
    const found = objects.get(key);
    switch (request.method) {
      case 'PUT':
        objects.set(key, { bytes: body, type: request.headers['content-type'] ?? '' });
        return void response.writeHead(200, { ETag: '"x"' }).end();
      case 'DELETE':
        objects.delete(key);
        return void response.writeHead(204).end();
      default:
        if (!found) return refuse(response, 404, 'NoSuchKey');
        return void response
          .writeHead(200, { 'Content-Type': found.type, 'Content-Length': found.bytes.length })
          .end(found.bytes);
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
      moods = next;
    },
    calls,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'Content-Type': 'application/xml' });
  response.end(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`);
}

/** The signature that these settings make of the request as it came, and whether it is the one that came with it. */
function isSigned({ headers, method = '', url = '' }: IncomingMessage, body: Buffer, settings: S3Settings): boolean {
  const given =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=(.+)$/;
  const [, id, day = '', region = '', names = '', signature] = given.exec(headers.authorization ?? '') ?? [];
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
