import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import { Busboy, type BusboyHeaders } from '@fastify/busboy';
import { AppError, invalid, malformed } from '@clientela/errors';
import express, { type Request, type Response } from 'express';
import { bodyLimit, type Route, type Upload } from './route.ts';

const tooLarge = (limit: number) => new AppError('too_large', { detail: `The body is larger than ${limit} bytes` });
const unsupported = (wanted: string) =>
  new AppError('unsupported_media_type', { detail: `The body must be ${wanted}`, headers: { Accept: wanted } });

const hasBody = (request: IncomingMessage) =>
  request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;

/** Makes the reader of a door's JSON body, once, when the door is mounted. */
export function jsonReader(door: Route): (request: Request, response: Response) => Promise<unknown> {
  const limit = bodyLimit(door);
  const parse = express.json({
    limit,
    inflate: false, // a compressed body could be larger than its limit says
    strict: false, // `"text"` is JSON: it is refused by the schema, which can say what it wants
    verify: (_request, _response, bytes) => {
      if (!isUtf8(bytes)) throw malformed('The body is not UTF-8');
    },
  });
  return async (request, response) => {
    if (!hasBody(request)) return {};
    const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(request.headers['content-type'] ?? '')?.[1] ?? 'utf-8';
    if (!request.is('application/json') || charset.toLowerCase() !== 'utf-8')
      throw unsupported('application/json in UTF-8');
    await new Promise<void>((resolve, reject) => {
      parse(request, response, (error?: unknown) => (error ? reject(bodyFault(error, limit)) : resolve()));
    });
    return request.body as unknown;
  };
}

function bodyFault(error: unknown, limit: number): unknown {
  if (error instanceof AppError || !(error instanceof Error) || !('type' in error)) return error;
  switch (error.type) {
    case 'entity.too.large':
      return tooLarge(limit);
    case 'entity.parse.failed':
      return malformed('The body is not JSON');
    case 'encoding.unsupported':
    case 'charset.unsupported':
      return unsupported('application/json in UTF-8, not compressed');
    default:
      return malformed('The body could not be read');
  }
}

export type Form = {
  fields: Record<string, string>;
  upload: Upload;
  /** Settles when all of the file has been read, for which it reads what nobody did. */
  wholly: () => Promise<void>;
};

/**
 * Reads a multipart body up to its one file, which it hands on as a stream. Fields come before the file.
 * The stream fails with a 413 past the door's limit.
 * @param tap is shown the bytes of the file as they pass
 */
export function readUpload(request: Request, door: Route, tap?: (chunk: Buffer) => void): Promise<Form> {
  if (!request.is('multipart/form-data')) throw unsupported('multipart/form-data');
  const limit = bodyLimit(door);
  const fields: Record<string, string> = {};
  let reader: InstanceType<typeof Busboy>;
  try {
    reader = new Busboy({
      headers: request.headers as BusboyHeaders,
      limits: {
        files: 1,
        fields: 20,
        parts: 21,
        fieldNameSize: 100,
        fieldSize: 10_000,
        headerPairs: 20,
        fileSize: limit,
      },
    });
  } catch {
    throw malformed('The multipart body has no boundary');
  }
  return new Promise((resolve, reject) => {
    const out = new PassThrough();
    out.on('error', () => request.unpipe(reader)); // whoever reads it hears of it; nobody reading must not end the process
    let begun = false;
    const fail = (error: AppError) => {
      request.unpipe(reader);
      request.resume(); // what still comes is read and dropped, so that the answer can be sent
      if (begun) out.destroy(error);
      else reject(error);
    };
    const tooMany = () => fail(invalid([{ path: '', message: 'too many parts: give at most 20 fields and one file' }]));
    reader.on('field', (name, value, nameCut, valueCut) => {
      if (begun) fail(invalid([{ path: name, message: 'must come before the file' }]));
      else if (nameCut || valueCut) fail(invalid([{ path: name, message: 'must have at most 10000 bytes' }]));
      else if (Object.hasOwn(fields, name)) fail(invalid([{ path: name, message: 'must be given once' }]));
      else Object.defineProperty(fields, name, { value, enumerable: true });
    });
    reader.on('file', (name, stream, filename, _encoding, mime_type) => {
      if (name !== 'file') {
        stream.resume();
        fail(invalid([{ path: name, message: 'is not a known file field; the file is called file' }]));
        return;
      }
      begun = true;
      stream.on('limit', () => fail(tooLarge(limit)));
      if (tap) stream.on('data', tap);
      stream.pipe(out);
      resolve({ fields, upload: { filename, mime_type, stream: out }, wholly: () => drained(out) });
    });
    reader.on('partsLimit', tooMany).on('filesLimit', tooMany).on('fieldsLimit', tooMany);
    reader.on('error', () => fail(malformed('The multipart body could not be read')));
    reader.on('finish', () => {
      if (!begun) reject(invalid([{ path: 'file', message: 'is required' }]));
    });
    request.on('aborted', () => fail(malformed('The body was cut off')));
    request.pipe(reader);
  });
}

async function drained(stream: PassThrough): Promise<void> {
  if (stream.readableEnded) return;
  stream.resume();
  await finished(stream, { writable: false });
}
