import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import { Busboy, type BusboyHeaders } from '@fastify/busboy';
import { AppError, invalid, malformed } from '@clientela/errors';
import express, { type Request, type Response } from 'express';
import { joinPath } from './field-errors.ts';
import { parseJson } from './parse-json.ts';
import { bodyLimit, defaultBodyLimit, type FormUpload, type Route } from './route.ts';

const tooLarge = (limit: number) => new AppError('too_large', { detail: `The body exceeds ${limit} bytes` });
const unsupported = (mediaType: string) =>
  new AppError('unsupported_media_type', { detail: `The body must be ${mediaType}`, headers: { Accept: mediaType } });

const jsonType = 'application/json in UTF-8';

const hasBody = (request: IncomingMessage) =>
  request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;

/** Creates the JSON body parser of a route, once, when the route is mounted. */
export function jsonReader(definition: Route): (request: Request, response: Response) => Promise<unknown> {
  const limit = definition.kind === 'form' ? defaultBodyLimit : bodyLimit(definition);
  const accepted = definition.kind === 'form' ? `${jsonType} or multipart/form-data` : jsonType;
  const readText = express.text({
    type: () => true,
    limit,
    inflate: false, // a decompressed body could exceed the limit
    verify: (_request, _response, bytes) => {
      if (!isUtf8(bytes)) throw malformed('The body is not UTF-8');
    },
  });
  return async (request, response) => {
    if (!hasBody(request)) return {};
    const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(request.headers['content-type'] ?? '')?.[1] ?? 'utf-8';
    if (!request.is('application/json') || !/^utf-?8$/i.test(charset)) throw unsupported(accepted);
    request.headers['content-type'] = 'application/json'; // the parser knows UTF-8 under one name only
    await new Promise<void>((resolve, reject) => {
      readText(request, response, (error?: unknown) => (error ? reject(toBodyError(error, limit)) : resolve()));
    });
    return request.body ? parseJson(request.body as string) : {};
  };
}

function toBodyError(error: unknown, limit: number): unknown {
  if (error instanceof AppError || !(error instanceof Error) || !('type' in error)) return error;
  switch (error.type) {
    case 'entity.too.large':
      return tooLarge(limit);
    case 'encoding.unsupported':
    case 'charset.unsupported':
      return unsupported('application/json in UTF-8, not compressed');
    default:
      return malformed('The body cannot be read');
  }
}

export type Form = {
  /** The fields before the file. Those of a `form` behind it are added as they arrive. */
  fields: Record<string, string>;
  upload: FormUpload;
  /** Reads the rest of the file and of the form. */
  drained: () => Promise<void>;
};

/**
 * Parses a multipart body up to its only file, which it returns as a stream. Fields must precede the file, but not in a `form`.
 * The stream fails with a 413 beyond the route's limit.
 * @param onChunk receives the bytes of the file as they are read
 */
export function readUpload(request: Request, definition: Route, onChunk?: (chunk: Buffer) => void): Promise<Form> {
  if (!request.is('multipart/form-data')) throw unsupported('multipart/form-data');
  const limit = bodyLimit(definition);
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
    out.on('error', () => request.unpipe(reader)); // an error without a listener would end the process
    let hasFile = false;
    const formEnd = Promise.withResolvers<void>();
    formEnd.promise.catch(() => {}); // a route that does not wait for the end learns it from the stream
    const fail = (error: AppError) => {
      request.unpipe(reader);
      request.resume(); // drains the rest, so that the client reads the response
      formEnd.reject(error);
      if (hasFile) out.destroy(error);
      else reject(error);
    };
    const failAt = (name: string, message: string) => fail(invalid([{ path: joinPath([name]), message }]));
    const tooMany = () => fail(invalid([{ path: '', message: 'too many parts: at most 20 fields and one file' }]));
    reader.on('field', (name, value, nameCut, valueCut) => {
      if (hasFile && definition.kind !== 'form') failAt(name, 'must come before the file');
      else if (nameCut || valueCut) failAt(name, 'must have at most 10000 bytes');
      else if (Object.hasOwn(fields, name)) failAt(name, 'must be given once');
      else Object.defineProperty(fields, name, { value, enumerable: true });
    });
    reader.on('file', (name, stream, filename, _encoding, mime_type) => {
      if (name !== 'file') {
        stream.resume();
        failAt(name, 'is not a known file field; use file');
        return;
      }
      hasFile = true;
      stream.on('limit', () => fail(tooLarge(limit)));
      if (onChunk) stream.on('data', onChunk);
      stream.pipe(out);
      const allFields = async () => {
        await formEnd.promise;
        return fields;
      };
      const content_length = Number(request.headers['content-length'] ?? Number.NaN) || undefined;
      resolve({
        fields,
        upload: { filename, mime_type, content_length, stream: out, fields: allFields },
        drained: async () => {
          await drain(out);
          await formEnd.promise;
        },
      });
    });
    reader.on('partsLimit', tooMany).on('fieldsLimit', tooMany);
    reader.on('filesLimit', () => failAt('file', 'must be one file'));
    reader.on('error', () => fail(malformed('The multipart body cannot be parsed')));
    reader.on('finish', () => {
      if (!hasFile) reject(invalid([{ path: 'file', message: 'is required' }]));
      formEnd.resolve();
    });
    request.on('aborted', () => fail(malformed('The body is incomplete')));
    request.pipe(reader);
  });
}

async function drain(stream: PassThrough): Promise<void> {
  if (stream.readableEnded) return;
  stream.resume();
  await finished(stream, { writable: false });
}
