import { createHmac, timingSafeEqual } from 'node:crypto';
import { invalid } from '@clientela/errors';
import { deriveKey } from '@clientela/runtime';
import { z } from 'zod';
import { canonicalJson } from '../idempotency/canonical-json.ts';

/** The last row's values of the sort columns, the id last: the position after which the next page starts. */
export type Keyset = readonly (string | number | boolean | null)[];

/** The list that a cursor belongs to: company, filter, sort. It is valid for no other list. */
export type Binding = Readonly<Record<string, unknown>>;

export type Cursors = {
  encode: (keyset: Keyset, binding: Binding) => string;
  /** @throws AppError 422 unless this service signed the cursor for this list */
  decode: (cursor: string, binding: Binding) => Keyset;
};

const format = /^([\w-]+)\.([\w-]{43})$/;
const Decoded = z.array(z.union([z.string(), z.number(), z.boolean(), z.null()])).readonly();

/**
 * Encodes and decodes pagination cursors. They are signed (HMAC-SHA-256 with a separate key, derived by HKDF), so that clients
 * cannot forge positions.
 * @param secret the service's secret, 32 bytes in base64url
 */
export function createCursors(secret: string): Cursors {
  const key = deriveKey(secret, 'clientela cursors');
  const sign = (payload: string, binding: Binding) =>
    createHmac('sha256', key)
      .update(`${payload}.${canonicalJson(binding)}`)
      .digest();

  return {
    encode: (keyset, binding) => {
      const payload = Buffer.from(JSON.stringify(keyset)).toString('base64url');
      return `${payload}.${sign(payload, binding).toString('base64url')}`;
    },
    decode: (cursor, binding) => {
      const [, payload = '', signature = ''] = format.exec(cursor) ?? [];
      const actual = Buffer.from(signature, 'base64url');
      const expected = sign(payload, binding);
      if (actual.length === expected.length && timingSafeEqual(actual, expected))
        return Decoded.parse(JSON.parse(Buffer.from(payload, 'base64url').toString()));
      throw invalid([{ path: 'cursor', message: 'is not a cursor of this list; start again with an empty cursor' }]);
    },
  };
}
