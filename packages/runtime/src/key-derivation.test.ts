import { expect, test } from 'vitest';
import { deriveKey } from './key-derivation.ts';

test('derives the same key for the same secret and purpose, and another for any other', () => {
  const secret = Buffer.alloc(32, 7).toString('base64url');
  const other = Buffer.alloc(32, 8).toString('base64url');
  // Computed once; a change would invalidate stored fingerprints and sealed keys.
  expect(deriveKey(secret, 'cursors').export().toString('hex')).toBe(
    '1b0444fdbb21eaa439d55d50f972168202e590fd0a1d7db559d674b1e282281f',
  );
  const keys = [deriveKey(secret, 'cursors'), deriveKey(secret, 'receipts'), deriveKey(other, 'cursors')];
  expect(new Set(keys.map((key) => key.export().toString('hex'))).size).toBe(3);
  for (const key of keys) expect(key.symmetricKeySize).toBe(32);
});
