import { createHmac, hkdfSync } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { AppError, type FieldError } from '@clientela/errors';
import { canonicalJson } from './canonical-json.ts';
import { NIL_UUID, type IdempotencyScope } from './idempotency-store.ts';
import { isInternal, type Route } from '../routing/route.ts';
import type { Actor } from '../identity/actor.ts';

const path = 'Idempotency-Key';

/** Whether a definition answers a repeated request as it did the first: every POST of somebody signed in that does not say otherwise. */
export const acceptsIdempotencyKey = (definition: Route): boolean =>
  definition.method === 'post' &&
  definition.allow !== 'open' &&
  !isInternal(definition) &&
  definition.idempotency !== 'off';

/** The request's `Idempotency-Key`: 1 to 255 visible ASCII characters. A fault is added to the others. */
export function readIdempotencyKey(headers: IncomingHttpHeaders, faults: FieldError[]): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && /^[!-~]{1,255}$/.test(key)) return key;
  faults.push({ path, message: 'must be 1 to 255 visible ASCII characters' });
  return undefined;
}

/** Under which an answer is kept: the company acted in, the caller, and the real path, in one spelling. */
export const idempotencyScope = (
  definition: Route,
  actor: Actor,
  params: Record<string, string>,
  key: string,
): IdempotencyScope => ({
  company_id: (definition.tenancy === 'global' ? undefined : actor.company_id) ?? NIL_UUID,
  actor_id: actor.id,
  method: definition.method,
  path: definition.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? '')),
  key,
});

export const keyReused = (): FieldError[] => [{ path, message: 'was given with another request before' }];

/** 404: who repeats a request whose answer is gone is told so, and nothing is done. */
export const responseErased = (): AppError =>
  new AppError('not_found', {
    error_code: 'IDEMPOTENCY_ANSWER_ERASED',
    detail: 'This request was answered before, and the answer was about somebody whose data has been erased since',
  });

export type Fingerprint = {
  /** For uploads: the bytes of the file as they pass. */
  update: (chunk: Buffer) => void;
  /** What is kept of a request instead of its body: equal for equal ones, and says nothing about it. */
  digest: (said: { query: unknown; body: unknown }) => Buffer;
};

/**
 * Makes fingerprints of requests (HMAC-SHA-256, under a key that HKDF makes for them alone).
 * @param secret this program's own secret, 32 bytes in base64url
 */
export function fingerprints(secret: string): () => Fingerprint {
  const key = Buffer.from(hkdfSync('sha256', Buffer.from(secret, 'base64url'), '', 'clientela idempotency', 32));
  return () => {
    const file = createHmac('sha256', key);
    let whole: Buffer | undefined;
    return {
      update: (chunk) => void file.update(chunk),
      digest: (said) =>
        createHmac('sha256', key)
          .update((whole ??= file.digest()))
          .update(canonicalJson([said.query, said.body]))
          .digest(),
    };
  };
}
