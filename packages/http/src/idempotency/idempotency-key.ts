import { createHash, createHmac, type Hmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { AppError, conflict, type FieldError } from '@clientela/errors';
import { deriveKey } from '@clientela/runtime';
import type { Actor } from '../identity/actor.ts';
import { isInternal, type MountedRoute, type Route } from '../routing/route.ts';
import { canonicalJson } from './canonical-json.ts';
import { NIL_UUID, type IdempotencyScope } from './idempotency-store.ts';

const path = 'Idempotency-Key';

/** Whether a route replays stored responses: every POST that requires authentication, unless its idempotency says otherwise. */
export const acceptsIdempotencyKey = (definition: Route): boolean =>
  definition.idempotency === 'on' ||
  (definition.method === 'post' &&
    definition.allow !== 'open' &&
    !isInternal(definition) &&
    definition.idempotency !== 'off' &&
    definition.idempotency !== 'reject');

/** Reads `Idempotency-Key`: 1 to 255 visible ASCII characters. An invalid one is appended to `errors`. */
export function readIdempotencyKey(headers: IncomingHttpHeaders, errors: FieldError[]): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && /^[!-~]{1,255}$/.test(key)) return key;
  errors.push({ path, message: 'must be 1 to 255 visible ASCII characters' });
  return undefined;
}

/** Appends an error to `errors` when a request has a key that its route cannot honour: a repetition would spend or send again. */
export function rejectIdempotencyKey(headers: IncomingHttpHeaders, errors: FieldError[]): void {
  if (headers['idempotency-key'] !== undefined) errors.push({ path, message: 'is not supported by this route' });
}

/** Identifies a request by the company it acts in, actor, method, path and key. An alias is the same path as its route. */
export function idempotencyScope(
  definition: MountedRoute,
  actor: Actor,
  params: Record<string, string>,
  key: string,
): IdempotencyScope {
  const realPath = (definition.aliasOf ?? definition.path).replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(params[name] ?? ''),
  );
  const identity = JSON.stringify([actor.id, definition.method, realPath, key]);
  return {
    company_id:
      (definition.tenancy === 'global' && actor.role !== 'service' ? undefined : actor.company_id) ?? NIL_UUID,
    request: createHash('sha256').update(identity).digest(),
  };
}

export const keyReused = (): FieldError[] => [{ path, message: 'was used with another request' }];

/** 404: the request took effect, but its response was about a person who has been erased since. */
export const responseErased = (): AppError =>
  new AppError('not_found', {
    error_code: 'IDEMPOTENCY_ANSWER_ERASED',
    detail: 'The stored response was about a person whose data has been erased',
  });

/** 409: the request took effect, but its response exceeded the limit for stored responses. */
export const responseTooLong = (): AppError =>
  conflict({
    error_code: 'IDEMPOTENCY_RESPONSE_TOO_LONG',
    detail: 'The request took effect, but its response was too long to be stored',
  });

export type Fingerprint = {
  /** Adds bytes of an uploaded file. */
  update: (chunk: Buffer) => void;
  /** Returns a digest that is equal for equal requests and does not reveal their content. */
  digest: (request: { query: unknown; body: unknown }) => Buffer;
};

/**
 * Creates fingerprints of requests (HMAC-SHA-256 with a separate key, derived by HKDF).
 * @param secret the service's secret, 32 bytes in base64url
 */
export function fingerprints(secret: string): () => Fingerprint {
  const key = deriveKey(secret, 'clientela idempotency');
  const noFile = createHmac('sha256', key).digest();
  return () => {
    let file: Hmac | undefined;
    let fileDigest: Buffer | undefined;
    return {
      update: (chunk) => void (file ??= createHmac('sha256', key)).update(chunk),
      digest: (request) =>
        createHmac('sha256', key)
          .update((fileDigest ??= file?.digest() ?? noFile))
          .update(canonicalJson([request.query, request.body]))
          .digest(),
    };
  };
}
