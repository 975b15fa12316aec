import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { invalid } from '@clientela/errors';
import { z } from 'zod';
import { canonicalJson } from '../idempotency/canonical-json.ts';

/** The values of a list's sort columns in its last row, the id at the end: where the next page goes on. */
export type Keyset = readonly (string | number | boolean | null)[];

/** What a cursor belongs to: company, filter, sort. It opens no other list. */
export type Binding = Readonly<Record<string, unknown>>;

export type Cursors = {
  encode: (keyset: Keyset, binding: Binding) => string;
  /** @throws AppError 422 unless this installation made the cursor, for this very list */
  decode: (cursor: string, binding: Binding) => Keyset;
};

const spelled = /^([\w-]+)\.([\w-]{43})$/;
const Decoded = z.array(z.union([z.string(), z.number(), z.boolean(), z.null()])).readonly();

/**
 * Makes and reads cursors: what they say is signed (HMAC-SHA-256, under a key that HKDF makes for them alone), so that a list goes on
 * only where it ended.
 * @param secret this program's own secret, 32 bytes in base64url
 */
export function createCursors(secret: string): Cursors {
  const key = Buffer.from(hkdfSync('sha256', Buffer.from(secret, 'base64url'), '', 'clientela cursors', 32));
  const sign = (said: string, binding: Binding) =>
    createHmac('sha256', key)
      .update(`${said}.${canonicalJson(binding)}`)
      .digest();

  return {
    encode: (keyset, binding) => {
      const said = Buffer.from(JSON.stringify(keyset)).toString('base64url');
      return `${said}.${sign(said, binding).toString('base64url')}`;
    },
    decode: (cursor, binding) => {
      const [, said = '', signature = ''] = spelled.exec(cursor) ?? [];
      const given = Buffer.from(signature, 'base64url');
      const right = sign(said, binding);
      if (given.length === right.length && timingSafeEqual(given, right))
        return Decoded.parse(JSON.parse(Buffer.from(said, 'base64url').toString()));
      throw invalid([{ path: 'cursor', message: 'is not a cursor of this list; start again with an empty one' }]);
    },
  };
}
